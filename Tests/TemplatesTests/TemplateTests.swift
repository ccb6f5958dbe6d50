// SPDX-License-Identifier: Apache-2.0
import Templates
import Testing

private let variables: [String: TemplateType] = [
  "name": .text, "count": .number, "on": .flag, "proxy": .optional(.text),
  "nodes": .list(.object(["name": .text, "address": .optional(.text)])), "words": .list(.text),
]
private let values: [String: TemplateValue] = [
  "name": .text("alps"), "count": .number(3), "on": .flag(true), "proxy": .none,
  "nodes": .list([
    .object(["name": .text("node01"), "address": .text("10.1.1.1")]),
    .object(["name": .text("node02"), "address": .none]),
  ]),
  "words": .list([.text("b"), .text("a")]),
]

private func text(_ template: String, _ changes: [String: TemplateValue] = [:]) throws -> String {
  try Template(template, variables: variables).text(values.merging(changes) { $1 }) { $0.joined(separator: "+") }
}

@Suite struct TemplateTests {
  @Test(arguments: [
    ("plain { text } %}\n", "plain { text } %}\n"),
    ("{{ name }}-{{ count }}-{{ on }}", "alps-3-true"),
    ("{# nothing #}x", "x"),
    ("a\n  {# alone #}  \nb\n", "a\nb\n"),
    ("{% if on %}yes{% else %}no{% endif %}", "yes"),
    ("{% if not on %}yes{% elif count > 2 %}more{% endif %}", "more"),
    ("  {% if on %}\n  x\n  {% endif %}\ny\n", "  x\ny\n"),
    ("{{ proxy | default('none') }}", "none"),
    ("{% if proxy %}{{ proxy }}{% endif %}.", "."),
    (
      "{% for node in nodes %}{{ loop.index }}:{{ node.name }}{% if not loop.last %},{% endif %}{% endfor %}",
      "1:node01,2:node02"
    ),
    ("{% for node in nodes %}{% if node.address %}{{ node.address }};{% endif %}{% endfor %}", "10.1.1.1;"),
    ("{{ nodes | each('name') | hostlist }}", "node01+node02"),
    ("{{ words | sort | join(' ') }} {{ words | length }} {{ words | first | default('') }}", "a b 2 b"),
    ("{{ \"it's\" | quote }} {{ name | upper }}", "'it'\\''s' ALPS"),
    ("{% if 'a' in words and count <= 3 or on == false %}1{% endif %}", "1"),
    ("{% for word in words %}{% else %}none{% endfor %}", ""),
  ]) func writes(_ template: String, _ expected: String) throws {
    #expect(try text(template) == expected)
  }

  @Test func anEmptyLoopWritesItsElse() throws {
    #expect(try text("{% for word in words %}x{% else %}none{% endfor %}", ["words": .list([])]) == "none")
  }

  @Test(arguments: [
    ("{{ nmae }}", "There is no `nmae` here.", 1, 4),
    ("\n {{ name.first }}", "`name` has no `first`: it is text.", 2, 5),
    ("{% for node in nodes %}{{ node.nmae }}{% endfor %}", "`node` has no `nmae`.", 1, 27),
    ("{{ node }}{% for node in nodes %}{% endfor %}", "There is no `node` here.", 1, 4),
    ("{{ proxy }}", "This may be missing, and nothing would be written.", 1, 4),
    ("{% if proxy %}{% else %}{{ proxy }}{% endif %}", "This may be missing, and nothing would be written.", 1, 28),
    ("{% if proxy or on %}{{ proxy }}{% endif %}", "This may be missing, and nothing would be written.", 1, 24),
    ("{{ words }}", "This is a list (each item is text), which cannot be written as it is.", 1, 4),
    ("{{ name | shout }}", "`shout` is not a filter.", 1, 11),
    ("{{ name | join(',') }}", "`join` needs a list of texts or numbers; this is text.", 1, 11),
    ("{{ name | default('x') }}", "`default` is for a value that may be missing; this is text.", 1, 11),
    ("{{ proxy | default(3) }}", "`default` takes one argument, text.", 1, 12),
    ("{% if count == name %}{% endif %}", "a number and text are never the same.", 1, 13),
    ("{% if name < name %}{% endif %}", "`<` compares numbers.", 1, 12),
    ("{% for x in name %}{% endfor %}", "`for` needs a list; this is text.", 1, 13),
    ("{{ name", "`{{` is not closed.", 1, 1),
    ("{{ 'a }}", "This text is not closed.", 1, 4),
    ("{% if on %}", "`{% if %}` is not ended.", 1, 1),
    ("{% if on %}{% endfor %}", "`{% if %}` is not ended.", 1, 1),
    ("{% endif %}", "`{% endif %}` ends nothing.", 1, 1),
    ("{% set x %}", "`set` is not a tag.", 1, 4),
    ("{{ }}", "A value is missing.", 1, 4),
    ("{{ name name }}", "`name` is not expected here.", 1, 9),
    ("{{ name; }}", "`;` is not part of an expression.", 1, 8),
  ]) func refuses(_ template: String, _ detail: String, _ line: Int, _ column: Int) throws {
    let problem = #expect(throws: TemplateProblem.self) { try Template(template, variables: variables) }
    #expect(
      problem?.detail == detail && problem?.line == line && problem?.column == column, "\(String(describing: problem))")
  }

  @Test(arguments: [
    ("{{ one.name }} {{ one.size | default(0) }}", ["name", "size"]), ("{{ name }}", []),
    ("{% if one.name == name %}x{% endif %}", ["name"]), ("{% for one in all %}{{ one.name }}{% endfor %}", []),
    ("{% for x in all %}{{ x.name }}{{ one.size | default(1) }}{% endfor %}", ["size"]),
    ("{% if one in all %}x{% endif %}", nil),
  ]) func tellsWhichFieldsItReads(_ text: String, _ fields: [String]?) throws {
    let one = TemplateType.object(["name": .text, "size": .optional(.number)])
    let template = try Template(text, variables: ["one": one, "all": .list(one), "name": .text])
    #expect(template.fields(of: "one") == fields.map(Set.init))
  }

  @Test func aLineBreakInAValueIsRefused() throws {
    let two = ["name": TemplateValue.text("a\nb")]
    let problem = #expect(throws: TemplateProblem.self) { try text("x {{ name }}", two) }
    #expect(problem?.line == 1 && problem?.column == 6)
    #expect(try text("{{ name | lines }}", two) == "a\nb")
  }

  @Test func whatIsWrittenIsBounded() throws {
    let many = ["words": TemplateValue.list(Array(repeating: .text("x"), count: 1100))]
    let inner = "{% for a in words %}{% for b in words %}{{ b }}{% endfor %}{% endfor %}"
    #expect(throws: TemplateProblem.self) { try text(inner, many) }
    let deep = String(repeating: "{% if on %}", count: 100) + String(repeating: "{% endif %}", count: 100)
    #expect(throws: TemplateProblem.self) { try text(deep) }
    let brackets = "{{ " + String(repeating: "(", count: 100) + "name" + String(repeating: ")", count: 100) + " }}"
    #expect(throws: TemplateProblem.self) { try text(brackets) }
  }
}
