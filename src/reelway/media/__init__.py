"""Pictures and clips: gates for what comes in, facts and previews of what goes out.

Nothing here imports PyAV or Pillow at its top: together they hold some 60 MB, and a gateway that has not
met a file yet has no use for them. The functions are plain and take their time; `worker.run_media` runs
them off the event loop.
"""
