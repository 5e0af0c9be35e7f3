/// A figure of a page: its value large, with uncertainty and scale.
struct Card {
  let title: String
  let value: String
  /// What the figure is about, or what it was before.
  let note: String
  /// The bar below it, as HTML.
  var scale = ""

  var html: String {
    // No line begins with the sign of percent.
    let value = value.replacing(" %", with: "\u{A0}%")
    return "<div class=\"card\"><h3>\(HTML.escaped(title))</h3><b class=\"value\">\(HTML.escaped(value))</b>"
      + "<p>\(HTML.escaped(note))</p>\(scale)</div>"
  }
}
