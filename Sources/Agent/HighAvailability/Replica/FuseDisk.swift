// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// A file that is a disk: whoever reads or writes it is answered by this program, over the kernel's FUSE (fuse(4),
/// linux/fuse.h version 7.31). It is the root of its mount, so there is nothing to look up.
final class FuseDisk {
  enum Request {
    case read(UInt64, offset: Int, count: Int)
    case write(UInt64, offset: Int, ArraySlice<UInt8>)
    case flush(UInt64)
  }

  private static let longest = 128 << 10
  /// Room for a header and its arguments before the bytes that are written.
  private static let buffer = longest + 4096

  let file: Int32
  private let path: String
  private let size: Int
  private var bytes = [UInt8](repeating: 0, count: FuseDisk.buffer)

  /// Mounts it. The kernel waits for the first answers until `next` is called.
  init(at path: String, size: Int) throws(AgentError) {
    self.path = path
    self.size = size
    _ = try FileSystem.makeFolder(FileSystem.parent(path))
    // What an earlier program left, which was killed.
    umount2(path, Int32(MNT_DETACH))
    let place = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard place >= 0 else { throw FileSystem.failure("\(path) cannot be made") }
    _ = close(place)
    file = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw FileSystem.failure("/dev/fuse cannot be opened") }
    let options = "fd=\(file),rootmode=100600,user_id=0,group_id=0,max_read=\(Self.longest)"
    guard mount("cluster-replica", path, "fuse", UInt(MS_NOSUID | MS_NODEV), options) == 0 else {
      throw FileSystem.failure("\(path) cannot be mounted")
    }
  }

  deinit {
    umount2(path, Int32(MNT_DETACH))
    _ = close(file)
  }

  /// The next request for contents, or nil when nothing has been asked. What else the kernel asks is answered here.
  func next() throws(AgentError) -> Request? {
    while true {
      let count = Glibc.read(file, &bytes, bytes.count)
      if count < 0 {
        // A request that was taken back before it was read.
        if errno == ENOENT || errno == EINTR { continue }
        if errno == EAGAIN { return nil }
        throw FileSystem.failure("\(path) is not mounted any more")
      }
      guard count >= 40 else { continue }
      let (kind, id) = (Int(word(4)), long(8))
      switch kind {
      case 15: return .read(id, offset: Int(long(48)), count: Int(word(56)))
      case 16: return .write(id, offset: Int(long(48)), bytes[80..<(80 + Int(word(56)))])
      case 20: return .flush(id)
      default: try answer(other: kind, id)
      }
    }
  }

  /// Opcodes of linux/fuse.h.
  private func answer(other kind: Int, _ id: UInt64) throws(AgentError) {
    switch kind {
    // FORGET, INTERRUPT, BATCH_FORGET: nobody waits for an answer.
    case 2, 36, 42: return
    case 26: try reply(id, initial)
    // GETATTR, SETATTR: contents have their size, and keep it.
    case 3, 4: try reply(id, attributes)
    // OPEN, past the kernel's cache: what is read is what was written.
    case 14: try reply(id, number(UInt64(0)) + number(UInt32(1)) + number(UInt32(0)))
    // FLUSH at each close, RELEASE, DESTROY.
    case 18, 25, 38: try reply(id, [])
    // STATFS.
    case 17: try reply(id, [UInt8](repeating: 0, count: 80))
    default: try refuse(id, ENOSYS)
    }
  }

  /// INIT: version 7.31, without anything that this program would have to know more for.
  private var initial: [UInt8] {
    // FUSE_BIG_WRITES.
    let flags: UInt32 = 1 << 5
    return number(UInt32(7)) + number(UInt32(31)) + number(UInt32(128 << 10)) + number(flags) + number(UInt16(64))
      + number(UInt16(48)) + number(UInt32(Self.longest)) + number(UInt32(1)) + number(UInt16(32)) + number(UInt16(0))
      + [UInt8](repeating: 0, count: 32)
  }

  private var attributes: [UInt8] {
    var all = number(UInt64(3600)) + number(UInt64(0))
    // ino, size, blocks; three times; three nanoseconds.
    all += number(UInt64(1)) + number(UInt64(size)) + number(UInt64(size / 512)) + [UInt8](repeating: 0, count: 36)
    // mode, nlink, uid, gid, rdev, blksize, flags.
    all += number(UInt32(0o100600)) + number(UInt32(1)) + number(UInt32(0)) + number(UInt32(0)) + number(UInt32(0))
    return all + number(UInt32(4096)) + number(UInt32(0))
  }

  func reply(_ id: UInt64, _ payload: [UInt8]) throws(AgentError) { try answer(id, 0, payload) }

  func wrote(_ id: UInt64, _ count: Int) throws(AgentError) {
    try answer(id, 0, number(UInt32(count)) + number(UInt32(0)))
  }

  func refuse(_ id: UInt64, _ problem: Int32) throws(AgentError) { try answer(id, -problem, []) }

  private func answer(_ id: UInt64, _ status: Int32, _ payload: [UInt8]) throws(AgentError) {
    let all = number(UInt32(16 + payload.count)) + number(status) + number(id) + payload
    guard Glibc.write(file, all, all.count) == all.count else {
      // Who asked has gone.
      if errno == ENOENT { return }
      throw FileSystem.failure("\(path) is not mounted any more")
    }
  }

  // MARK: Numbers, in the order of this machine

  private func word(_ at: Int) -> UInt32 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt32.self) }
  }

  private func long(_ at: Int) -> UInt64 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
  }

  private func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
  }
}
