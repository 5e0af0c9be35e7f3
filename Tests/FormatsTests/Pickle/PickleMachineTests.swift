import Bytes
import TestSupport
import Testing

@testable import Formats

@Suite("The pickle machine")
struct PickleMachineTests {
  private func read(_ bytes: [UInt8]) throws -> Pickle { try PickleMachine.read(bytes) }

  @Test(
    "reads single values",
    arguments: [
      ([0x4E], PickleValue.none), ([0x88], .bool(true)), ([0x89], .bool(false)), ([0x4B, 200], .integer(200)),
      ([0x4D, 1, 2], .integer(513)), ([0x4A, 0xFF, 0xFF, 0xFF, 0xFF], .integer(-1)), ([0x8A, 0], .integer(0)),
      ([0x8A, 1, 0xFF], .integer(-1)), ([0x8A, 2, 0xFF, 0], .integer(255)),
      ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], .integer(.min)),
      ([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0], .wideInteger([0, 0, 0, 0, 0, 0, 0, 0x80, 0])),
      ([0x8B, 1, 0, 0, 0, 7], .integer(7)), ([0x47, 0x40, 0x08, 0, 0, 0, 0, 0, 0], .real(3)),
      ([0x58, 2, 0, 0, 0, 0x68, 0x69], .text("hi")), ([0x8C, 1, 0x68], .text("h")),
      ([0x8D, 1, 0, 0, 0, 0, 0, 0, 0, 0x68], .text("h")), ([0x55, 1, 0x68], .text("h")),
      ([0x54, 1, 0, 0, 0, 0xFF], .bytes([0xFF])), ([0x43, 1, 0xFF], .bytes([0xFF])),
      ([0x42, 1, 0, 0, 0, 1], .bytes([1])), ([0x8E, 1, 0, 0, 0, 0, 0, 0, 0, 1], .bytes([1])),
      ([0x96, 1, 0, 0, 0, 0, 0, 0, 0, 1], .bytes([1])), ([0x4B, 1, 0x4B, 2, 0x30], .integer(1)),
      ([0x4B, 1, 0x28, 0x4B, 2, 0x31], .integer(1)), ([0x4B, 1, 0x28, 0x30], .integer(1)),
    ] as [([UInt8], PickleValue)])
  func values(code: [UInt8], value: PickleValue) throws {
    #expect(try read([0x80, 2] + code + [0x2E]).root == value)
    #expect(try read([0x80, 4, 0x95] + [UInt8](repeating: 0, count: 8) + code + [0x2E]).root == value)
  }

  @Test("calls nothing, and keeps what it would have called")
  func calls() throws {
    let pickle = try read(
      PickleBytes().global("posix", "system").mark.text("touch /tmp/x").tuple.reduce.stopped)
    let call = try #require(pickle.call(pickle.root))
    #expect(call.callee.description == "posix.system")
    #expect(call.arguments == [.text("touch /tmp/x")])
    #expect(pickle.names.map(\.description) == ["posix.system"])
  }

  @Test("keeps the state and the items of objects")
  func objects() throws {
    let made = PickleBytes().global("a", "B").emptyTuple + [0x81]
    let pickle = try read((made.mark.text("k").integer(1).setItems.text("s") + [0x62]).stopped)
    let node = try #require(pickle.node(pickle.root))
    #expect(node.state == .text("s"))
    #expect(pickle.items(pickle.root)?.map(\.value) == [.integer(1)])
  }

  @Test("of items with the same key has the last")
  func sameKeys() throws {
    let pickle = try read(
      PickleBytes().dictionary.mark.text("a").integer(1).text("b").integer(2).text("a").integer(3).setItems.stopped)
    #expect(pickle.items(pickle.root)?.map(\.value) == [.integer(3), .integer(2)])
  }

  @Test("reads a list that contains itself")
  func cycle() throws {
    let pickle = try read(PickleBytes().list.put(0).get(0).append.stopped)
    #expect(pickle.elements(pickle.root) == [pickle.root])
  }

  @Test("reads 100,000 tuples in each other without recursion")
  func deep() throws {
    let bytes = [0x80, 2, 0x4E] + [UInt8](repeating: 0x85, count: 100_000) + [0x2E]
    #expect(try read(bytes).nodes.count == 100_000)
  }

  @Test(
    "refuses with the opcode and its place",
    arguments: [
      ([0x80, 2, 0x49], "opcode INT: is not read (save the model as safetensors)", 2),
      ([0x80, 2, 0x69, 0x6F, 0x73], "opcode INST: is not read (save the model as safetensors)", 2),
      ([0x80, 2, 0x4E, 0x82, 1], "opcode EXT1: is not read (save the model as safetensors)", 3),
      ([0x80, 5, 0x97], "opcode NEXT_BUFFER: is not read (save the model as safetensors)", 2),
      ([0x80, 1], "has protocol 1, expected 2 to 5", 0), ([0x80, 9], "has protocol 9, expected 2 to 5", 0),
      ([0x80, 2, 0xFF], "unknown opcode 0xff", 2), ([0x80, 2], "ends without opcode STOP", 2),
      ([0x80, 2, 0x2E], "opcode STOP: finds too few values on the stack", 2),
      ([0x80, 2, 0x52], "opcode REDUCE: finds too few values on the stack", 2),
      ([0x80, 2, 0x4E, 0x74], "opcode TUPLE: finds no mark on the stack", 3),
      ([0x80, 2, 0x4E, 0x28, 0x85], "opcode TUPLE1: finds too few values on the stack", 4),
      ([0x80, 2, 0x68, 3], "opcode BINGET: refers to memo 3, which was not set", 2),
      ([0x80, 2, 0x4E, 0x4E, 0x61], "opcode APPEND: expected a list, set, dictionary or object", 4),
      ([0x80, 2, 0x7D, 0x4E, 0x61], "opcode APPEND: expected a list or object", 4),
      ([0x80, 2, 0x5D, 0x28, 0x4E, 0x75], "opcode SETITEMS: expected a dictionary or object", 5),
      ([0x80, 2, 0x7D, 0x28, 0x4E, 0x75], "opcode SETITEMS: expected pairs of keys and values", 5),
      ([0x80, 2, 0x4E, 0x4E, 0x93], "opcode STACK_GLOBAL: expected two texts", 4),
      ([0x80, 2, 0x4E, 0x4E, 0x52], "opcode REDUCE: expected a tuple of arguments", 4),
      ([0x80, 2, 0x4E, 0x4E, 0x62], "opcode BUILD: expected an object", 4),
      ([0x80, 2, 0x58, 1, 0, 0, 0, 0xFF, 0x2E], "opcode BINUNICODE: text is not UTF-8", 2),
      ([0x80, 2, 0x58, 0xFF, 0xFF, 0xFF, 0xFF], "opcode BINUNICODE: needs 4,294,967,295 more bytes, 0 remain", 2),
      (
        [0x80, 4, 0x8E] + [UInt8](repeating: 0xFF, count: 8),
        "opcode BINBYTES8: needs 9,223,372,036,854,775,807 more bytes, 0 remain", 2
      ),
      ([0x80, 2, 0x8B, 0, 0, 0, 0x80], "opcode LONG4: needs 2,147,483,648 more bytes, 0 remain", 2),
      ([0x80, 2, 0x63, 0x61], "opcode GLOBAL: needs 1 more byte, 0 remain", 2),
      ([0x80, 2, 0x63] + [UInt8](repeating: 0x61, count: 5000), "opcode GLOBAL: a line has more than 4,096 bytes", 2),
    ] as [([UInt8], String, Int)])
  func refusals(bytes: [UInt8], words: String, offset: Int) {
    #expect(failure { try read(bytes) } == "pickle at byte \(offset): \(words)")
  }

  @Test("bounds values, nodes and the memo")
  func limits() {
    func failure(_ code: [UInt8]) -> String {
      TestSupport.failure {
        try PickleMachine.read([0x80, 2] + code + [0x2E], limits: .init(valueCount: 50, nodeCount: 20))
      }
    }
    #expect(failure([UInt8](repeating: 0x4E, count: 50)) == "")
    #expect(failure([UInt8](repeating: 0x4E, count: 51)) == "pickle at byte 52: has more than 50 values")
    #expect(failure([UInt8](repeating: 0x28, count: 51)) == "pickle at byte 52: has more than 50 values")
    #expect(failure([UInt8](repeating: 0x5D, count: 21)) == "pickle at byte 22: has more than 20 values with parts")
    let memo: [UInt8] = (0..<21).flatMap { (index: UInt8) -> [UInt8] in [0x71, index] }
    #expect(failure([0x4E] + memo) == "pickle at byte 43: has more than 20 remembered values")
  }
}
