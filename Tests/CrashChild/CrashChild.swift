// SPDX-License-Identifier: Apache-2.0
import Foundation
import Reconciler

/// Applies the example to machines in memory, again and again, and is killed at another boundary of the journal each
/// time; then applies it once more. What came of it is printed, a line of JSON each; `CrashBoundaryTests` judges.
///
///     crash-child TEMPLATE FOLDER PART PARTS
///
/// TEMPLATE is a git repository with the description. Of the boundaries, those that are PART modulo PARTS are tried.
/// This process has one thread and stays so, and therefore can fork(2) for each: starting anew would take longer than
/// all the rest.
@main
struct CrashChild {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 4, let part = Int(CommandLine.arguments[3]), let parts = Int(CommandLine.arguments[4])
    else {
      exit(64)
    }
    let (template, folder) = (CommandLine.arguments[1], CommandLine.arguments[2])
    // Read once: every process made from this one has it.
    guard let description = try? Specification.load(URL(filePath: "\(template)/cluster.yaml")) else { exit(1) }
    let site = { @Sendable (place: String) in CrashSite(place, description) }
    guard let whole = attempt(site, template, "\(folder)/\(part)-whole", diesAt: 0, then: false) else { exit(1) }
    print(whole)
    guard let boundaries = number("boundaries", in: whole) else { exit(1) }
    for boundary in 1...boundaries where boundary % parts == part {
      guard let line = attempt(site, template, "\(folder)/\(boundary)", diesAt: boundary, then: true) else { exit(1) }
      print(line)
    }
    fflush(nil)
  }

  /// One run, and one more after it where the first is to die. Gives the last one's report.
  private static func attempt(
    _ site: @escaping @Sendable (String) -> CrashSite, _ template: String, _ place: String, diesAt boundary: Int,
    then: Bool
  ) -> String? {
    guard copy(template, to: place) else { return nil }
    let first = child { await site(place).apply(as: "first", diesAt: boundary, after: 0) }
    if then {
      // WTERMSIG
      let signal = first & 0x7f
      guard signal == SIGKILL || first == 0 else { return nil }
      guard child({ await site(place).apply(as: "second", diesAt: 0, after: boundary) }) == 0 else { return nil }
    } else if first != 0 {
      return nil
    }
    guard let report = try? String(contentsOfFile: "\(place)/report.json", encoding: .utf8) else { return nil }
    try? FileManager.default.removeItem(atPath: place)
    return report
  }

  /// The status of a process that does this and nothing else.
  private static func child(_ body: @escaping @Sendable () async -> Void) -> Int32 {
    fflush(nil)
    let pid = fork()
    if pid == 0 {
      Task.detached {
        await body()
        exit(0)
      }
      dispatchMain()
    }
    var status: Int32 = -1
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status
  }

  private static func copy(_ folder: String, to place: String) -> Bool {
    do { try FileManager.default.copyItem(atPath: folder, toPath: place) } catch { return false }
    return true
  }

  private static func number(_ name: String, in json: String) -> Int? {
    let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return object?[name] as? Int
  }
}
