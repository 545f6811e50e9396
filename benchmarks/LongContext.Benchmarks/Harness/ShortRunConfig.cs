using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Csv;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace LongContext.Benchmarks.Harness;

/// <summary>How every suite runs: in this process, for seconds a case, and with the same columns.</summary>
internal static class ShortRunConfig
{
    public static IConfig Create() => ManualConfig.CreateEmpty()
        .AddJob(Job())
        .AddLogger(ConsoleLogger.Default)
        .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
        .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Metrics)
        .AddColumn(StatisticColumn.Median, StatisticColumn.StdDev, new MedianRatioColumn(), new RateColumn())
        .AddExporter(MarkdownExporter.GitHub, CsvExporter.Default)
        .WithSummaryStyle(SummaryStyle.Default.WithTimeUnit(TimeUnit.Millisecond).WithMaxParameterColumnWidth(40));

    /// <summary>
    /// In-process: the default toolchain builds a project for each run and so needs an SDK. One call at a time (no unrolling) and
    /// no measured overhead, as every case here takes microseconds at least; the calls of a case together last two to three seconds. Suites whose
    /// calls take tenths of a second say so by attributes: one call an iteration, and no search for a better number.
    /// </summary>
    private static Job Job() => BenchmarkDotNet.Jobs.Job.Default
        .WithId("Short")
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithStrategy(RunStrategy.Throughput)
        .WithUnrollFactor(1)
        .WithMinInvokeCount(1)
        .WithEvaluateOverhead(false)
        .WithWarmupCount(6)
        .WithIterationCount(9)
        .WithIterationTime(TimeInterval.FromMilliseconds(150));
}
