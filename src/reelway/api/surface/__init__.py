"""What the API says of itself: endpoints that carry their description, and the OpenAPI document made of them."""
