"""Publishers: approved drafts to where people read them."""
