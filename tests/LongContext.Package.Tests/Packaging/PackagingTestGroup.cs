namespace LongContext.Package.Tests.Packaging;

/// <summary>The tests that share one packing.</summary>
[CollectionDefinition(Name)]
public sealed class PackagingTestGroup : ICollectionFixture<PackedPackages>
{
    public const string Name = "Packaging";
}
