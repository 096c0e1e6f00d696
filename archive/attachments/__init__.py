"""Files that belong to what is said: encrypted, in a storage beside the database, by names that tell nothing.

A file is of one delivery and one service, and is opened by the delivery's data key: whoever destroys that one key has destroyed
every file. No statement waits for any of this.
"""
