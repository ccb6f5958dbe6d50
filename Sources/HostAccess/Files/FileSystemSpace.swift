// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// How much room is left on the file system that holds a path.
package struct FileSystemSpace: Sendable {
  package let mountPoint: String
  package let freeBytes: UInt64
  package let freeInodes: UInt64

  /// The path need not exist: the nearest folder above that does is asked. Nil when none can be.
  package init?(at path: String) {
    var place = path
    var values = statvfs()
    while statvfs(place, &values) != 0 {
      guard place != "/", place.hasPrefix("/") else { return nil }
      place = FileSystem.parent(place)
    }
    freeBytes = UInt64(values.f_bavail) * UInt64(values.f_frsize)
    freeInodes = UInt64(values.f_favail)
    mountPoint = Self.mountPoint(above: place)
  }

  /// The last folder upwards that is on the same device.
  private static func mountPoint(above path: String) -> String {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return path }
    var place = path
    while place != "/" {
      var above = stat()
      guard stat(FileSystem.parent(place), &above) == 0, above.st_dev == facts.st_dev else { return place }
      place = FileSystem.parent(place)
    }
    return place
  }

  /// `/srv has 0 bytes and 12 inodes free`.
  package var text: String { "\(mountPoint) has \(freeBytes) bytes and \(freeInodes) inodes free" }
}
