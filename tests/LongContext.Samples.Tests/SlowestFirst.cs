using System.Reflection;
using LongContext.Samples.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(SlowestFirst))]

namespace LongContext.Samples.Tests;

/// <summary>
/// Classes with tests of minutes begin first, so that a run does not end with one of them on one core: the tests of the samples are the longest of the whole check and often its last
/// (two classes run at a time on two cores; measured: 14 minutes with the longest at the end).
/// </summary>
public sealed class SlowestFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(collection => SlowTestsOf(collection.TestCollectionDisplayName))];

    /// <summary>The tests of minutes in the class whose collection it is; each class is a collection of its own here, named after it.</summary>
    internal static int SlowTestsOf(string collection) =>
        typeof(SlowestFirst).Assembly.GetTypes().Where(type => type.FullName is { } name && collection.Contains(name, StringComparison.Ordinal))
            .SelectMany(type => type.GetMethods()).Count(method => method.GetCustomAttributes<TraitAttribute>().Any(trait => (trait.Name, trait.Value) == ("Category", "Slow")));
}
