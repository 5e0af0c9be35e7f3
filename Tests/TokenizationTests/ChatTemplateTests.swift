import Bytes
import TestSupport
import Testing
import Tokenization

/// The blocks of chat templates; what is right and wrong is what Jinja 2 says, with the tags of transformers.
@Suite("A chat template")
struct ChatTemplateTests {
  @Test(
    "of a published model has no fault",
    arguments: (try? FileSystem.list(Fixtures.path("chat-templates"))) ?? ["no templates"])
  func published(name: String) throws {
    let bytes = try InputLocation.openFile(Fixtures.path("chat-templates", name)).wholeContent(limit: 1 << 20)
    #expect(ChatTemplate(text: String(decoding: bytes, as: UTF8.self)).syntaxError == nil)
  }

  @Test(
    "is right",
    arguments: [
      "", "chatml", "{", "} %} }}", "{{ '}}' }}", #"{{ "a\"}}" }}"#, "{{ {'a': {'b': 1}}}}", "{# {% if %} #}",
      "{%- for m in messages -%}{{ m.content }}{% else %}none{%- endfor +%}", "{%if a%}{%elif b%}{%else%}{%endif%}",
      "{% set a = 1 %}{% set b %}x{% endset %}{% set c | default(d=1) %}{% endset %}{% set ns.a = b == c %}",
      "{% raw %}{% if {{ {% endraw %}", "{%- raw -%} {% for %} {%- endraw -%}", "{% macro f(a, b=1) %}{% endmacro %}",
      "{% call(x) f() %}{% endcall %}{% filter upper %}{% endfilter %}{% with a = 1 %}{% endwith %}",
      "{% generation %}{{ x }}{% endgeneration %}", "{% for a in b %}{% if a %}{% break %}{% endif %}{% endfor %}",
      "{% for key, value in x.items() if value is not none recursive %}{{ loop(value) }}{% endfor %}",
      "{% include 'x' %}{{ a ~ 'b' }}{{ x[1:-1] }}{{ a % 2 }}{{ a // b ** c }}", "{{ é }}",
    ])
  func right(text: String) {
    #expect(ChatTemplate(text: text).syntaxError?.description == nil)
  }

  @Test(
    "is wrong",
    arguments: [
      ("{% for m in messages %}{{ m.content }}", "line 1: {% for %} has no {% endfor %}"),
      (
        "a\n{% if a %}\n{% for b in c %}{% endif %}",
        "line 3: {% endif %} is inside {% for %}, expected {% endfor %} first"
      ),
      ("{% if a %}{% endif %}\n{% endif %}", "line 2: {% endif %} belongs to no block"),
      ("{% else %}", "line 1: {% else %} belongs to no block"),
      (
        "{% for a in b %}{% elif c %}{% endfor %}",
        "line 1: {% elif %} is inside {% for %}, expected {% endfor %} first"
      ),
      (
        "{% if a %}{% else %}{% else %}{% endif %}", "line 1: {% else %} is inside {% if %}, expected {% endif %} first"
      ),
      ("{% generation %}", "line 1: {% generation %} has no {% endgeneration %}"),
      ("{% set a %}", "line 1: {% set %} has no {% endset %}"),
      ("{% macro f() %}", "line 1: {% macro %} has no {% endmacro %}"),
      ("{% raw %}{% endif %}", "line 1: {% raw %} has no {% endraw %}"),
      ("{% fro a in b %}", "line 1: {% fro %} is not a tag of Jinja"),
      ("{% for a of b %}{% endfor %}", "line 1: {% for %} is incomplete"),
      ("{% if %}{% endif %}", "line 1: {% if %} is incomplete"),
      ("{% break %}", "line 1: {% break %} belongs to no block"),
      ("\n\n{{ a", "line 3: {{ is not closed"), ("{% if a", "line 1: {% is not closed"),
      ("{# a", "line 1: {# is not closed"), ("{{ }}", "line 1: {{ }} is empty"), ("{% %}", "line 1: {% %} is empty"),
      ("{{ (a] }}", "line 1: ] closes no bracket of its kind"), ("{{ a) }}", "line 1: ) closes no bracket of its kind"),
      ("{{ 'a }}", "line 1: a quote without its second is not part of an expression"),
      ("{{ a ? b }}", "line 1: ? is not part of an expression"),
    ])
  func wrong(text: String, message: String) {
    #expect(ChatTemplate(text: text).syntaxError?.description == message)
  }

  @Test("of any bytes is read to its end")
  func mutations() throws {
    let bytes = try InputLocation.openFile(Fixtures.path("chat-templates", "qwen3.jinja")).wholeContent(limit: 1 << 20)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<500 {
      var mutated = bytes
      let place = Int.random(in: 0..<mutated.count, using: &generator)
      mutated[place] = UInt8.random(in: .min ... .max, using: &generator)
      let end = Int.random(in: 0...mutated.count, using: &generator)
      _ = ChatTemplate(text: String(decoding: mutated[..<end], as: UTF8.self)).syntaxError
    }
  }
}
