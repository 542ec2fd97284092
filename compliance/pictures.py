"""Pictures decoded and made anew, without what cameras write into them."""
