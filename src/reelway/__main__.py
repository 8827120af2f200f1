"""`python -m reelway` is the command `reelway`."""

from reelway.cli.main import main

if __name__ == "__main__":
    main()
