// SPDX-License-Identifier: Apache-2.0
import Fuzzing
import Glibc

/// libFuzzer's own entry, in the runtime that `-sanitize=fuzzer` links: see FuzzerInterface.h in compiler-rt.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argc: UnsafeMutablePointer<CInt>, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `fuzz spec|wire CORPUS… [-options of libFuzzer]`. Built by `make fuzz` only.
@main
struct Fuzz {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    guard let target = words.first.flatMap(FuzzTarget.init(rawValue:)) else {
      let usage =
        "usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) CORPUS… [-option=value …]\n"
      _ = write(STDERR_FILENO, usage, usage.utf8.count)
      exit(64)
    }
    // libFuzzer sees its options behind the program's name, and may change the array.
    var arguments: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + words.dropFirst()).map { strdup($0) }
    var count = CInt(arguments.count)
    arguments.append(nil)
    let status = arguments.withUnsafeMutableBufferPointer { buffer -> CInt in
      guard var start = buffer.baseAddress else { return 64 }
      return switch target {
      case .spec: runDriver(&count, &start) { bytes, size in Fuzz.check(.spec, bytes, size) }
      case .wire: runDriver(&count, &start) { bytes, size in Fuzz.check(.wire, bytes, size) }
      }
    }
    exit(status)
  }

  private static func check(_ target: FuzzTarget, _ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    target.check(Array(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
  }
}
