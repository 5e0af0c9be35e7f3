// swift-tools-version: 6.2
import PackageDescription

// Built by run.sh, which instruments all modules for libFuzzer and links its runtime.
let package = Package(
  name: "ingot-fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "ingot", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [.product(name: "FuzzTargets", package: "ingot"), "CAllocationLimit"],
      swiftSettings: [.swiftLanguageMode(.v6)]),
    .target(name: "CAllocationLimit"),
  ]
)
