// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A program that a resource agent runs, without the machinery of `Command`: these agents live for milliseconds.
enum ChildProgram {
  /// The status of a program that was ended because it took too long, as with timeout(1).
  static let tookTooLong: Int32 = 124

  /// Runs a program and waits for it. It has nothing to read, and all it prints is taken together.
  static func run(_ argv: [String], within milliseconds: Int) -> (status: Int32, output: String) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return (126, String(cString: strerror(errno))) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { _ = close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var pid: pid_t = 0
    var words = argv.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let status = posix_spawnp(&pid, argv[0], &actions, nil, &words, environ)
    close(ends[1])
    guard status == 0 else { return (127, "\(argv[0]): \(String(cString: strerror(status)))") }
    let limit = milliseconds == .max ? nil : MonotonicTime.now + milliseconds
    let output = read(ends[0], until: limit)
    if let limit, limit.left == 0 {
      kill(pid, SIGKILL)
      _ = end(of: pid)
      return (tookTooLong, output)
    }
    return (end(of: pid), output)
  }

  private static func read(_ file: Int32, until limit: MonotonicTime?) -> String {
    var said: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      var watched = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, limit.map { Int32(clamping: $0.left) } ?? -1) > 0 else { break }
      let count = Glibc.read(file, &bytes, bytes.count)
      guard count > 0 else { break }
      // A daemon that keeps the pipe may print for ever; only the beginning is of use.
      if said.count < 64 << 10 { said += bytes.prefix(count) }
    }
    return String(decoding: said, as: UTF8.self)
  }

  /// The exit status, or 128 plus the signal.
  private static func end(of pid: pid_t) -> Int32 {
    var code: Int32 = 0
    while waitpid(pid, &code, 0) < 0 && errno == EINTR {}
    return code & 0x7f == 0 ? code >> 8 & 0xff : 128 + (code & 0x7f)
  }
}

/// Small files of proc(5), sys and our own.
enum SmallFile {
  /// The text, or nil where there is no such file, or it cannot be read now.
  static func read(_ path: String, most: Int = .max) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    var all: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(file, &bytes, bytes.count)
      guard count >= 0 else { return nil }
      if count == 0 || all.count >= most { return String(decoding: all, as: UTF8.self) }
      all += bytes.prefix(count)
    }
  }

  /// Writes a note below /run. One that cannot be written is missed by nobody: all is asked for again then.
  static func write(_ text: String, to path: String) {
    mkdir("/run/cluster", 0o755)
    mkdir("/run/cluster/ocf", 0o755)
    let new = "\(path).\(getpid())"
    let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { return }
    let bytes = Array(text.utf8)
    let written = Glibc.write(file, bytes, bytes.count) == bytes.count
    close(file)
    if !written || rename(new, path) != 0 { unlink(new) }
  }
}

/// The time between two looks at a condition.
enum Pause {
  static func milliseconds(_ count: Int) { _ = poll(nil, 0, Int32(clamping: count)) }
}
