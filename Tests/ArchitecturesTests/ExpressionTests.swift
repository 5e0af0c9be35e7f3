import Architectures
import Testing

@Suite("An expression")
struct ExpressionTests {
  static let set = HyperparameterSet(values: [
    "heads": .integer(6), "width": .integer(100), "share": .real(0.25), "huge": .integer(.max), "none": .integer(0),
    "flag": .bool(true), "windows": .list([.bool(true), .bool(false), .bool(true)]),
    "sizes": .list([.integer(8), .integer(16), .integer(32)]),
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
    ("leading(all_but_every(3,5))", .integer(2)), ("leading(all_but_every(1,2))", .integer(0)), ("leading(heads)", nil),
    ("leading(unknown)", nil),
    ("leading(windows)", .integer(1)), ("resized(windows,2)", .list([.bool(true), .bool(false)])),
    ("resized(windows,4)", .list([.bool(true), .bool(false), .bool(true), .bool(false)])),
    ("power(2,1+last(1,2))", .list([.real(2), .real(4)])),
    ("2*all_but_every(3,4)", .list([.integer(2), .integer(2), .integer(0), .integer(2)])),
    ("1-windows", .list([.integer(0), .integer(1), .integer(0)])),
    ("windows*sizes+(1-windows)*heads", .list([.integer(8), .integer(6), .integer(32)])),
    ("sizes==16", .list([.integer(0), .integer(1), .integer(0)])),
    ("sizes/16", .list([.real(0.5), .real(1), .real(2)])),
    ("sizes*last(2,2)", nil), ("sizes*huge", nil), ("sizes/none", nil),
    ("last(1,3)", .list([.bool(false), .bool(false), .bool(true)])), ("last(9,2)", .list([.bool(true), .bool(true)])),
    ("last(none,2)", .list([.bool(false), .bool(false)])), ("last(none-1,2)", .list([.bool(false), .bool(false)])),
    ("last(1,huge)", nil), ("listed(sizes,9)", .list((0..<9).map { .bool($0 == 8) })),
    ("listed(none,2)", nil),
    ("listed(sizes,0-1)", nil),
    ("first(windows,sizes)", .integer(8)), ("first(1-windows,sizes)", .integer(16)),
    ("first(last(1,3),sizes)", .integer(32)),
    ("first(windows,heads)", nil), ("first(heads,sizes)", nil), ("first(last(none,3),sizes)", nil),
    ("first(last(1,2),sizes)", nil),
    ("if(flag,heads,unknown)", .integer(6)), ("if(none,unknown,width)", .integer(100)), ("if(unknown,1,2)", nil),
    ("if(flag,sizes,1)", .list([.integer(8), .integer(16), .integer(32)])),
    ("max(heads,width)", .integer(100)), ("max(0,heads-width)", .integer(0)),
    ("max(share,windows)", .list([.real(1), .real(0.25), .real(1)])),
    ("max(huge+1,heads)", nil), ("max(heads,unknown)", nil),
    ("normal_quantile(0.5)", .real(0)), ("normal_quantile(none)", .real(-.infinity)),
    ("normal_quantile(1-windows)", .list([.real(-.infinity), .real(.infinity), .real(-.infinity)])),
    ("normal_quantile(width)", nil), ("normal_quantile(unknown)", nil),
    ("normal_share(normal_quantile(0.95))", .real(0.95)),
    ("normal_share(normal_quantile(windows))", .list([.real(1), .real(0), .real(1)])),
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

  @Test("gives the element of a layer")
  func ofLayer() throws {
    let sizes = try #require(Expression("2*sizes")), windows = try #require(Expression("windows"))
    #expect((0..<4).map { sizes.integer(Self.set, layer: $0) } == [16, 32, 64, nil])
    #expect(sizes.integer(Self.set) == nil)
    #expect(Expression("heads")?.integer(Self.set, layer: 7) == 6)
    #expect((0..<4).map { windows.flag(Self.set, layer: $0) } == [true, false, true, nil])
    #expect(
      Expression("heads")?.flag(Self.set, layer: nil) == true && Expression("none")?.flag(Self.set, layer: 0) == false)
  }

  @Test(
    "refuses",
    arguments: [
      "", "*", "a*", "(a", "a)", "a b", "1.2.3", "a.b", "int(", "int()", "all_but_every(3)", "all_but_every(3,4", "A",
      "last(3)", "first(3,4", "if(1,2)", "if(1,2,3", "max(1)", "normal_share()", "normal_quantile(1",
      String(repeating: "(", count: 99),
    ])
  func refusal(text: String) {
    #expect(Expression(text) == nil)
  }
}
