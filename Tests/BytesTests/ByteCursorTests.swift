import Testing

@testable import Bytes

@Suite("A byte cursor")
struct ByteCursorTests {
  @Test("reads integers in either byte order")
  func byteOrders() throws {
    var little = ByteCursor([1, 0, 0, 0, 0, 0, 0x80, 0x3F])
    #expect(try little.read(UInt32.self) == 1)
    #expect(try little.readFloat() == 1)
    var big = ByteCursor([0, 0, 0, 1], byteOrder: .bigEndian)
    #expect(try big.read(UInt32.self) == 1)
  }

  @Test("locates a read beyond the end")
  func readBeyondEnd() {
    var cursor = ByteCursor([1, 2, 3])
    #expect(throws: ByteCursor.Failure.self) { try cursor.read(UInt32.self) }
    #expect(throws: ByteCursor.Failure.self) { try cursor.readBytes(4) }
    #expect(throws: ByteCursor.Failure.self) { try cursor.readBytes(-1) }
    #expect(throws: ByteCursor.Failure.self) { try cursor.skip(4) }
    #expect(throws: ByteCursor.Failure.self) { try cursor.requireRemaining(.max, of: 8) }
    #expect(throws: ByteCursor.Failure.self) { try cursor.requireRemaining(1, of: 4) }
    #expect(cursor.offset == 0)
  }
}
