import Architectures
import Testing

@Suite("An expression")
struct ExpressionTests {
  static let set = HyperparameterSet(values: [
    "heads": .integer(6), "width": .integer(100), "share": .real(0.25), "huge": .integer(.max), "none": .integer(0),
    "flag": .bool(true),
  ])

  static let values: [(text: String, value: HyperparameterValue?)] = [
    ("heads", .integer(6)), ("4*width", .integer(400)), ("heads+2*3", .integer(12)), ("(heads+2)*3", .integer(24)),
    ("width//heads", .integer(16)), ("width/8", .real(12.5)), ("int(share*width)//heads", .integer(4)),
    ("int(share*(width//heads))", .integer(4)), ("width-heads", .integer(94)), ("0.5*width", .real(50)),
    ("heads==6", .integer(1)), ("(heads==7)*width", .integer(0)), ("1+(width==heads*10+40)*4", .integer(5)),
    ("heads==unknown", nil), ("heads==6==1", nil), ("heads==", nil),
    ("flag", .bool(true)), ("2*flag", .integer(2)), ("huge*2", nil), ("huge+1", nil),
    ("heads//none", nil), ("heads/none", nil),
    ("all_but_every(3,heads-2)", .list([.bool(true), .bool(true), .bool(false), .bool(true)])),
    ("all_but_every(1,2)", .list([.bool(false), .bool(false)])), ("all_but_every(3,none)", .list([])),
    ("all_but_every(none,heads)", nil), ("all_but_every(3,huge)", nil), ("all_but_every(3,unknown)", nil),
    ("2*all_but_every(3,heads)", nil),
    ("leading(all_but_every(3,5))", .integer(2)), ("leading(all_but_every(1,2))", .integer(0)), ("leading(heads)", nil),
    ("leading(unknown)", nil),
    ("unknown", nil), ("int(1e9*1e9*1e9)", nil),
  ]

  @Test("gives", arguments: values)
  func value(text: String, value: HyperparameterValue?) throws {
    guard let expression = Expression(text) else {
      #expect(value == nil)
      return
    }
    #expect(expression.value(Self.set) == value)
  }

  @Test(
    "refuses",
    arguments: [
      "", "*", "a*", "(a", "a)", "a b", "1.2.3", "a.b", "int(", "int()", "all_but_every(3)", "all_but_every(3,4", "A",
      String(repeating: "(", count: 99),
    ])
  func refusal(text: String) {
    #expect(Expression(text) == nil)
  }
}
