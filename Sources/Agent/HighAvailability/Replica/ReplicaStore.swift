// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

/// The facts about one head's copy that outlive a power loss.
struct ReplicaMeta: Hashable, Codable {
  /// Counts each time that a head went on without the other one. 0: the copy was made empty, to be filled.
  var generation = 0
  /// The head that began this generation.
  var author = ""
  /// False while it is overwritten with the other head's contents.
  var isWhole = false
  /// It went on without the other copy, which has not been brought up to date since.
  var isAlone = false
  /// It has left in good order, and the other head went on.
  var isOutdated = false

  /// The same generation of the same head.
  func isSame(as other: ReplicaMeta) -> Bool { generation == other.generation && author == other.author }

  /// Holds writes that the other one has not: it must not be overwritten from there.
  func isAhead(of other: ReplicaMeta) -> Bool {
    isWhole && generation > 0 && (generation > other.generation || generation == other.generation && !isSame(as: other))
  }
}

/// One head's copy on its disk: the contents, the facts, and a mark for each region that the other copy may not have.
///
/// A region is marked, on the disk, before it is written. Marks go when both copies have been flushed, so that after a
/// loss of either head the marks of both tell what has to be copied.
final class ReplicaStore {
  static let folder = FileSystem.parent(ReplicaGoal.file)
  static let region = 64 << 10

  let size: Int
  private let folder: String
  private let disk: Int32
  private let map: Int32
  private(set) var marks: [UInt8]
  private(set) var marked = 0
  private(set) var meta: ReplicaMeta

  init(_ folder: String = ReplicaStore.folder) throws(AgentError) {
    self.folder = folder
    meta = try Self.meta(in: folder)
    disk = open("\(folder)/disk", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard disk >= 0 else { throw FileSystem.failure("\(folder)/disk cannot be opened") }
    let end = lseek(disk, 0, SEEK_END)
    size = Int(end)
    let regions = (size + Self.region - 1) / Self.region
    map = open("\(folder)/map", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard map >= 0, ftruncate(map, off_t(regions)) == 0 else {
      throw FileSystem.failure("\(folder)/map cannot be opened")
    }
    marks = [UInt8](repeating: 0, count: regions)
    guard pread(map, &marks, regions, 0) == regions else { throw FileSystem.failure("\(folder)/map cannot be read") }
    marked = marks.count { $0 != 0 }
  }

  deinit {
    _ = close(disk)
    _ = close(map)
  }

  // MARK: Facts

  static func meta(in folder: String = ReplicaStore.folder) throws(AgentError) -> ReplicaMeta {
    let text = try FileSystem.text("\(folder)/meta")
    do { return try JSONDecoder().decode(ReplicaMeta.self, from: Data(text.utf8)) } catch {
      throw AgentError(
        .invalid, "\(folder)/meta cannot be read", cause: "\(error)", next: "Restore it from the other head's copy.")
    }
  }

  /// Returns when they are on the disk.
  static func keep(_ meta: ReplicaMeta, in folder: String = ReplicaStore.folder) throws(AgentError) {
    do { try FileSystem.write(Array(JSONEncoder().encode(meta)), to: "\(folder)/meta", mode: 0o600) } catch {
      throw (error as? AgentError) ?? AgentError(.invalid, "\(folder)/meta cannot be written", next: "Report this.")
    }
  }

  func change(_ change: (inout ReplicaMeta) -> Void) throws(AgentError) {
    var new = meta
    change(&new)
    guard new != meta else { return }
    try Self.keep(new, in: folder)
    meta = new
  }

  // MARK: Contents

  func read(_ offset: Int, _ count: Int) throws(AgentError) -> [UInt8] {
    let count = max(0, min(count, size - offset))
    var bytes = [UInt8](repeating: 0, count: count)
    guard pread(disk, &bytes, count, off_t(offset)) == count else {
      throw FileSystem.failure("\(folder)/disk cannot be read")
    }
    return bytes
  }

  func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(AgentError) {
    guard offset >= 0, offset + bytes.count <= size else {
      throw AgentError(.invalid, "A write beyond the end of \(folder)/disk", next: "Report this.")
    }
    let written = bytes.withUnsafeBytes { pwrite(disk, $0.baseAddress, $0.count, off_t(offset)) }
    guard written == bytes.count else { throw FileSystem.failure("\(folder)/disk cannot be written") }
  }

  func flush() throws(AgentError) {
    guard fdatasync(disk) == 0 else { throw FileSystem.failure("\(folder)/disk cannot be flushed") }
  }

  // MARK: Marks

  /// Marks what is about to be written. Returns when the marks are on the disk.
  func mark(_ offset: Int, _ count: Int) throws(AgentError) {
    guard count > 0 else { return }
    try mark(offset / Self.region...(offset + count - 1) / Self.region)
  }

  private func mark(_ regions: ClosedRange<Int>) throws(AgentError) {
    guard regions.lowerBound >= 0, regions.upperBound < marks.count else { return }
    guard marks[regions].contains(0) else { return }
    for region in regions where marks[region] == 0 {
      marks[region] = 1
      marked += 1
    }
    let written = marks[regions].withUnsafeBytes { pwrite(map, $0.baseAddress, $0.count, off_t(regions.lowerBound)) }
    guard written == regions.count, fdatasync(map) == 0 else {
      throw FileSystem.failure("\(folder)/map cannot be written")
    }
  }

  func mark(regions: [Int]) throws(AgentError) { for region in regions { try mark(region...region) } }

  /// Marks all that the disk holds: the other copy has nothing.
  func markContents() throws(AgentError) {
    // lseek(2): SEEK_DATA and SEEK_HOLE, which Swift does not see.
    let (data, hole): (Int32, Int32) = (3, 4)
    var offset: off_t = 0
    while true {
      let begin = lseek(disk, offset, data)
      if begin < 0 { break }
      let end = lseek(disk, begin, hole)
      try mark(Int(begin), Int(end - begin))
      offset = end
    }
  }

  var markedRegions: [Int] { marks.indices.filter { marks[$0] != 0 } }

  /// Both copies have been flushed, and are the same.
  func clearMarks() throws(AgentError) {
    guard marked > 0 else { return }
    marks = [UInt8](repeating: 0, count: marks.count)
    marked = 0
    guard pwrite(map, marks, marks.count, 0) == marks.count else {
      throw FileSystem.failure("\(folder)/map cannot be written")
    }
  }
}
