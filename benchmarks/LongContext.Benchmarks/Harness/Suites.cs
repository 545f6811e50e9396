using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Reports;

namespace LongContext.Benchmarks.Harness;

/// <summary>The suites of this program: its classes with benchmarks, in folders as the library's.</summary>
internal static class Suites
{
    /// <summary>Writes every suite and how to run it.</summary>
    public static void List(TextWriter output)
    {
        output.WriteLine("Suites:");
        foreach (Type suite in All().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            string name = suite.FullName!.Replace("LongContext.Benchmarks.", "", StringComparison.Ordinal);
            string methods = string.Join(", ", Methods(suite));
            output.WriteLine($"  {name,-44} {methods}");
        }

        output.WriteLine();
        output.WriteLine("Run some of them by a pattern over their names, or all:");
        output.WriteLine("  dotnet run -c Release --project benchmarks/LongContext.Benchmarks -- --filter *Packing*");
        output.WriteLine("  dotnet run -c Release --project benchmarks/LongContext.Benchmarks -- --filter *");
        output.WriteLine("Peak memory while a model is loaded: loading-memory in place of a filter.");
        output.WriteLine("Packing at the size of whole data sets, with fill rates: packing-speed in place of a filter.");
        output.WriteLine("Writing and reading a cache of tokens: token-cache [megabytes] in place of a filter.");
        output.WriteLine("Every case by name: --list flat. All of BenchmarkDotNet's options: --help.");
    }

    /// <summary>Whether every case of a run ended with a result.</summary>
    public static bool IsWhole(Summary summary) =>
        !summary.HasCriticalValidationErrors && summary.BenchmarksCases.All(benchmark => summary[benchmark] is { Success: true });

    private static IEnumerable<Type> All() =>
        typeof(Suites).Assembly.GetExportedTypes().Where(type => !type.IsAbstract && Methods(type).Any());

    private static IEnumerable<string> Methods(Type suite) =>
        suite.GetMethods().Where(method => method.IsDefined(typeof(BenchmarkAttribute), inherit: true)).Select(method => method.Name);
}
