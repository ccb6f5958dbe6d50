// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension ImageKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let recipe = desired.recipe
    let reachable = desired.heads.filter { context.answers.isReachable($0.head) }
    let holders = reachable.filter { actual?.present.contains($0.head) == true }
    var lacking = reachable.filter { actual?.present.contains($0.head) != true }
    var drafts: [StepDraft] = []
    // The active head serves, so it has the image first.
    guard let source = active(holders, context) ?? active(lacking, context) else { return [] }
    if holders.isEmpty {
      drafts.append(
        StepDraft(
          "build", on: source.head, .ensureImage(recipe), because: "no head has \(recipe.name)/\(recipe.digest)",
          changes: changes(from: (context.previous as? Desired)?.recipe, to: recipe)))
      lacking.removeAll { $0.head == source.head }
    }
    for (index, place) in lacking.enumerated() {
      drafts.append(
        StepDraft(
          "fetch-\(place.head)", on: place.head,
          .ensureImageFetched(name: recipe.name, digest: recipe.digest, from: source.url),
          because: "\(place.head) does not have \(recipe.name)/\(recipe.digest)", independent: index > 0))
    }
    return drafts
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let recipe = previous.recipe
    return previous.heads.filter { actual.present.contains($0.head) }.enumerated().map { index, place in
      StepDraft(
        "remove-\(place.head)", on: place.head, .ensureImageAbsent(name: recipe.name, digest: recipe.digest),
        because: "nothing in the spec asks for image \(recipe.name) now",
        changes: ["- \(recipe.name)/\(recipe.digest)"], independent: index > 0)
    }
  }

  private static func active(_ places: [Place], _ context: PlanContext) -> Place? {
    places.first { $0.head == context.activeHead } ?? places.first
  }
}
