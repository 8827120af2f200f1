"""What a clip can come with besides its picture."""
