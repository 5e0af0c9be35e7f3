// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "ingot-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "ingot", path: "..")],
  targets: [
    .executableTarget(
      name: "codec-benchmark",
      dependencies: [.product(name: "Ingot", package: "ingot")],
      path: "Sources/CodecBenchmark",
      swiftSettings: [.swiftLanguageMode(.v6)]
    )
  ]
)
