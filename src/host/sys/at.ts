/** Of calls that take a directory and flags: paths are from the working directory on; a symlink is not followed, or is where it would not be. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_SYMLINK_FOLLOW = 0x400;
