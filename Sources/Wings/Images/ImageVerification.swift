// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Every copy of images on heads against what was built.
package struct ImageVerification: Hashable, Encodable, Sendable {
  package enum Result: String, Hashable, Encodable, Sendable {
    case good, wrong
    /// The head could not tell.
    case unknown
  }

  package struct Copy: Hashable, Encodable, Sendable {
    package var image: String
    package var head: String
    package var result: Result
    package var detail: String?
  }

  package var copies: [Copy]
  /// Heads that did not tell which images they have.
  package var silent: [String]
  package var isWell: Bool { silent.isEmpty && copies.allSatisfy { $0.result == .good } }

  package static func questions(_ images: [ImageInventory.Image]) -> [Question] {
    images.flatMap { image in
      image.copies.map { Question(HostID($0.head), ImageBytesProbe(image.name, digest: image.digest)) }
    }
  }

  package init(_ images: [ImageInventory.Image], _ sight: ErrandSight, silent: [String]) {
    self.silent = silent
    copies = images.flatMap { image in
      let copies = image.copies.map { Self.copy(image, HostID($0.head), sight) }
      let roots = Set(copies.compactMap(\.squashfs))
      return copies.map { found in
        var copy = found.copy
        // One recipe, two results: each is as it was built, and nodes would run one or the other.
        if roots.count > 1, copy.result == .good {
          (copy.result, copy.detail) = (.wrong, "another image than on other heads: sha256 \(found.squashfs ?? "")")
        }
        return copy
      }
    }
  }

  private static func copy(
    _ image: ImageInventory.Image, _ head: HostID, _ sight: ErrandSight
  ) -> (copy: Copy, squashfs: String?) {
    var copy = Copy(image: image.id, head: head.name, result: .good)
    do throws(Unreadable) {
      let probe = ImageBytesProbe(image.name, digest: image.digest)
      guard let bytes = try sight.answers.answer(head, probe) ?? nil else {
        (copy.result, copy.detail) = (.unknown, "it is not there any more")
        return (copy, nil)
      }
      if !bytes.wrong.isEmpty {
        (copy.result, copy.detail) = (.wrong, "not as built: \(bytes.wrong.joined(separator: ", "))")
      } else if !bytes.unknown.isEmpty {
        copy.detail = "nobody noted the digests of \(bytes.unknown.joined(separator: ", ")) when it was built"
      }
      return (copy, bytes.squashfs)
    } catch {
      (copy.result, copy.detail) = (.unknown, "\(error)")
      return (copy, nil)
    }
  }
}
