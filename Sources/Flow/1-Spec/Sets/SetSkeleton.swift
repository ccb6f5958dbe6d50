// SPDX-License-Identifier: Apache-2.0
import SpecForms

/// The files of a new set, which is valid as it is: one setting, and a template on nodes that uses it.
package struct SetSkeleton {
  /// Texts by path in the set's folder, in the order in which one reads them.
  package let files: [(path: String, text: String)]

  /// Fails for what cannot be the name of a set.
  package init?(_ name: String) {
    var problems = Problems(file: "")
    let node = SpecNode(.scalar(.init(text: name, plain: true)), .point("", 1, 1), weight: 1)
    guard PackagesSection.name.read(node, &problems) != nil else { return nil }
    files = [
      (
        "set.yaml",
        """
        summary: What \(name) is for, in a sentence.
        settings:
          greeting: { type: text, default: Hello, doc: What nodes are told. }
        nodes:
          packages: []
          files: files
          units: []

        """
      ),
      (
        "files/etc/\(name).conf.j2",
        """
        {# Values of the site are in `set`, the cluster's in `cluster`: `cluster vars \(name)` lists them. #}
        # {{ set.greeting }} from {{ cluster.name }}
        {% for head in cluster.heads %}
        head = {{ head.fqdn }}
        {% endfor %}

        """
      ),
      (
        "tests/greeting.yaml",
        """
        summary: Each node has been told.
        # `cluster test \(name)` runs it on the cluster.
        run: [grep, "{{ set.greeting }} from {{ cluster.name }}", /etc/\(name).conf]
        on: each node
        remediation: See whether the node runs the image that has the set.

        """
      ),
      ("docs.md", "# \(name)\n\nWhat it does, what a site can set, and how one sees that it works.\n"),
    ]
  }
}
