"""Image-to-video and video-to-video: pictures that exist already are moved and graded."""
