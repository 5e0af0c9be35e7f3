import Architectures
import Bytes
import Inspection
import Models
import TestSupport
import Testing

/// `fixtures/expected/cache-sizes.json`: what llama.cpp printed when it made the caches.
private struct CacheSizes: Sendable, CustomStringConvertible {
  let name: String
  let tokenCount: Int
  /// Of each cache, in llama.cpp's order.
  let mebibytes: [Double]
  let layerCount: Int

  var description: String { "\(name), \(tokenCount) tokens" }

  static let all: [CacheSizes] = {
    guard let json = try? Fixtures.json("expected", "cache-sizes.json"), let members = json.object else { return [] }
    return members.flatMap { name, entries in
      (entries.array ?? []).map { entry in
        let lines = entry.array?.last?.array ?? []
        return CacheSizes(
          name: name.text, tokenCount: entry.array?.first?.integer ?? 0,
          mebibytes: lines.compactMap { $0.array?.first?.real },
          layerCount: lines.reduce(0) { $0 + ($1.array?.last?.integer ?? 0) })
      }
    }
  }()
}

@Suite("A key-value cache")
struct KeyValueCacheTests {
  @Test("has the size that llama.cpp allocates", arguments: CacheSizes.all)
  fileprivate func size(expected: CacheSizes) throws {
    let folder = TemporaryFolder()
    let staged = try ArchitectureFixture(expected.name).stage(in: folder)
    let summary = try #require(CheckpointReport(path: staged, library: .bundled()).summary)
    let cache = try #require(summary.cache)
    let bytes = try #require(cache.byteCount(tokenCount: expected.tokenCount))
    // Two decimals are printed of each cache.
    let tolerance = 0.0051 * Double(expected.mebibytes.count)
    let difference = abs(Double(bytes) / 1_048_576 - expected.mebibytes.reduce(0, +))
    #expect(difference <= tolerance, "\(Double(bytes) / 1_048_576) MiB, llama.cpp \(expected.mebibytes)")
  }

  @Test("is compared for every kind of layer")
  func coverage() {
    #expect(Set(CacheSizes.all.map(\.name)).count >= 15)
  }

  @Test("of an encoder is none")
  func encoder() throws {
    let folder = TemporaryFolder()
    let staged = try ArchitectureFixture("bert-bge").stage(in: folder)
    let summary = try #require(CheckpointReport(path: staged, library: .bundled()).summary)
    #expect(summary.cache == nil)
    #expect(summary.isEncoder)
  }

  @Test("has no size beyond an integer")
  func overflow() throws {
    let cache = try #require(KeyValueCache(layerCount: 1 << 20, elementsPerLayer: 1 << 30))
    #expect(cache.byteCount(tokenCount: .max) == nil)
    #expect(cache.byteCount(tokenCount: 1 << 20) == nil)
    #expect(KeyValueCache(layerCount: .max, elementsPerLayer: 2) == nil)
  }
}
