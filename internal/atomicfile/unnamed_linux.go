package atomicfile

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openUnnamed opens a file in a directory that has no name, so that it is gone when nobody has it open. File systems
// that have no such files, and systems without /proc, through which it is named, are an error.
func openUnnamed(directory string) (*os.File, error) {
	descriptor, err := unix.Open(directory, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o666)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(descriptor), directory)
	if _, err := os.Stat(throughProc(file)); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// linkUnnamed gives the file a name that nothing has yet.
func linkUnnamed(file *os.File, name string) error {
	return unix.Linkat(unix.AT_FDCWD, throughProc(file), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
}

func throughProc(file *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", file.Fd()) }
