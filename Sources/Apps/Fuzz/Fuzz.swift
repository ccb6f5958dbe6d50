// SPDX-License-Identifier: Apache-2.0
import Fuzzing
import Glibc

/// libFuzzer's own entry, in the runtime that `-sanitize=fuzzer` links: see FuzzerInterface.h in compiler-rt.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argc: UnsafeMutablePointer<CInt>, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `FUZZ_TARGET=spec|wire|reports fuzz CORPUS… [-options of libFuzzer]`. Built by `make fuzz` only.
///
/// The target is no argument, because libFuzzer starts this program again with arguments of its own.
@main
struct Fuzz {
  static func main() {
    guard let target = getenv("FUZZ_TARGET").flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
      let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
      let usage = "usage: FUZZ_TARGET=\(names) fuzz CORPUS… [-option=value …]\n"
      _ = write(STDERR_FILENO, usage, usage.utf8.count)
      exit(64)
    }
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    switch target {
    case .spec: exit(runDriver(&count, &arguments) { bytes, size in Fuzz.check(.spec, bytes, size) })
    case .wire: exit(runDriver(&count, &arguments) { bytes, size in Fuzz.check(.wire, bytes, size) })
    case .reports: exit(runDriver(&count, &arguments) { bytes, size in Fuzz.check(.reports, bytes, size) })
    }
  }

  private static func check(_ target: FuzzTarget, _ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    target.check(Array(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
  }
}
