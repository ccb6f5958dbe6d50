// SPDX-License-Identifier: Apache-2.0
import Foundation
import Reconciler

/// A saved plan on the disk, readable by its owner only: it tells how the site is made.
enum SavedPlanFile {
  static func write(_ plan: SavedPlan, to path: String) throws {
    let data: Data
    do { data = try plan.encoded() } catch {
      throw Failure("the plan cannot be written as JSON: \(error)", next: "This is a bug in cluster: report it.")
    }
    // A new file beside it, so that the permissions are right from the first byte and no half plan is ever read.
    let temporary = path + ".\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("write", temporary) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: data)
      try handle.synchronize()
    } catch {
      unlink(temporary)
      throw Failure("\(path) cannot be written: \(error)", next: "Free some space there, or give another file.")
    }
    guard rename(temporary, path) == 0 else {
      let problem = failure("write", path)
      unlink(temporary)
      throw problem
    }
  }

  static func read(_ path: String) throws -> SavedPlan {
    guard let data = FileManager.default.contents(atPath: path) else { throw failure("read", path) }
    return try SavedPlan(data)
  }

  private static func failure(_ verb: String, _ path: String) -> Failure {
    Failure("cannot \(verb) \(path): \(String(cString: strerror(errno)))", next: "Give a file that you can \(verb).")
  }
}
