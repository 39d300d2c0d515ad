from package import broken

application = broken
