// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Whether the kernel knows a file system, or has a module for it: `nfsd` is its server of NFS.
package struct KernelFileSystemProbe: Probe {
  package typealias Answer = Bool

  package static let name = "kernelFileSystem"

  package let fileSystem: String
  package init(_ fileSystem: String) { self.fileSystem = fileSystem }

  package var words: String { "file system \(fileSystem) of the kernel" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ isKnown: Bool, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("kernel", explained(isKnown, nodes))]
  }

  package func explained(_ isKnown: Bool, _ nodes: NodeNames) -> [String] {
    ["\(fileSystem) \(isKnown ? "present" : "absent")"]
  }
}
