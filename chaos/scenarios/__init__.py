"""One file each: SETUP says what runs, `harm` what is done to it until the load is over."""
