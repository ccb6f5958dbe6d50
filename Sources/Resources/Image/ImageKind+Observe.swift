// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension ImageKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.map { Question($0.head, probe(desired)) }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var actual = Actual(present: [], missing: [])
    var unknown: Unreadable?
    for place in desired.heads {
      do throws(Unreadable) {
        guard case .image(let state) = try answers.answer(place.head, probe(desired)) else { continue }
        if state == nil { actual.missing.insert(place.head) } else { actual.present.insert(place.head) }
      } catch {
        unknown = unknown ?? error
      }
    }
    if actual.present.isEmpty && actual.missing.isEmpty, let unknown { throw unknown }
    return actual.present.isEmpty ? nil : actual
  }

  static func probe(_ desired: Desired) -> Probe { .image(name: desired.recipe.name, digest: desired.recipe.digest) }
}
