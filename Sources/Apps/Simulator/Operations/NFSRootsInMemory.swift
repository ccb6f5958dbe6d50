// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension KernelFileSystemProbe: MemoryProbe {
  /// File systems of Debian's own kernel that anybody asks about.
  private static let known: Set<String> = ["ext4", "nfsd", "overlay", "proc", "squashfs"]

  func answer(of asked: AskedMachine) -> Bool { Self.known.contains(fileSystem) }
}
