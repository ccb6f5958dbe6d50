// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The sets that are on: those of the site, in all images that do not leave them out, and those that images add.
struct SetRequests {
  private let declaration: ClusterSection.Declaration

  init(_ declaration: ClusterSection.Declaration) { self.declaration = declaration }

  var all: [SetRequest] {
    var requests = declaration.packages
    let ofSite = requests.count
    let names = Set(declaration.images.map(\.name.value))
    for image in declaration.images {
      for own in image.value?.packages ?? [] {
        if let index = requests.firstIndex(where: { $0.name == own.name }) {
          if index >= ofSite { requests[index].images?.insert(image.name.value) }
          requests[index].ofImages[image.name.value] = own.given
        } else {
          var request = SetRequest(name: own.name, given: [], source: own.source)
          (request.isOfImages, request.images) = (true, [image.name.value])
          request.ofImages = [image.name.value: own.given]
          requests.append(request)
        }
      }
      for left in image.value?.without ?? [] {
        guard let index = requests.indices.prefix(ofSite).first(where: { requests[$0].name == left.value }) else {
          continue
        }
        requests[index].images = (requests[index].images ?? names).subtracting([image.name.value])
      }
    }
    return requests
  }

  /// Images that leave out what is not on for the site, or what they add themselves.
  func check(_ problems: inout Problems) {
    let ofSite = Set(declaration.packages.map(\.name))
    for image in declaration.images {
      for left in image.value?.without ?? [] {
        let own = image.value?.packages.first { $0.name == left.value }
        if let own {
          problems.error(
            .noEffect, "`\(image.name.value)` has the set `\(shown(left.value))`, and is without it.",
            help: "Remove one of the two.", at: left.span,
            notes: [.init(text: "it is turned on here", span: own.source)])
        } else if !ofSite.contains(left.value) {
          problems.error(
            .noEffect, "The set `\(shown(left.value))` is not on for the site, so every image is without it.",
            help: ofSite.isEmpty ? "Remove the key." : "These are on: \(ofSite.sorted().joined(separator: ", ")).",
            at: left.span)
        }
      }
    }
  }
}
