using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>On the emulator, with its checks of bounds, initialisation and races; and what only it can count.</summary>
public sealed class EmulatedDecodingAttentionTests : DecodingAttentionTests, IDisposable
{
    private readonly EmulatedDriver driver = new();
    private readonly CudaContext context;

    public EmulatedDecodingAttentionTests() => context = new CudaContext(driver, 0);

    protected override CudaContext Context => context;

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }

    [Theory]
    [InlineData(nameof(CacheElement.BFloat16), 128, 4, 1)]
    [InlineData(nameof(CacheElement.Float16), 80, 7, 3)]
    [InlineData(nameof(CacheElement.BFloat16), 256, 8, 5)]
    public void Forward_UnderAnySchedule_GivesEqualBits(string element, int size, int group, int tokens)
    {
        var c = new DecodingCase(Shape(element, size, keyHeads: 2, group, tokens), [500, 1, 129]);
        using var run = new DecodingRun(Context, c, new CacheForm(PageSize: 32, Room: 3));
        DecodingPlan plan = DecodingPlan.WithSplits(c.Shape, c.Lengths.ToArray(), [3, 1, 2], Context.Architecture);
        (ushort[] O, float[] LogSumExp) first = run.Forward(plan, poisonWorkspace: false); // what of it is read must have been written
        for (int seed = 1; seed <= 4; seed++)
        {
            driver.Options = driver.Options with { Seed = seed, ResidentBlocks = seed };
            AssertEqual(first, run.Forward(plan, poisonWorkspace: false));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Forward_OverALongCache_ReadsItOnceWithoutBankConflicts(string element, int size)
    {
        foreach (int tokens in new[] { 1, 5, 8 })
        {
            var reports = new List<LaunchReport>();
            driver.Launched = reports.Add;
            foreach (CacheForm form in new[] { new CacheForm(), new CacheForm(PageSize: 16) })
            {
                var c = new DecodingCase(Shape(element, size, keyHeads: 2, group: 4, tokens), [4096]);
                using var run = new DecodingRun(Context, c, form);
                run.Forward(DecodingPlan.WithSplits(c.Shape, [4096], [2], Context.Architecture));
                LaunchReport report = reports.Single(x => x.Kernel == "decoding_attention");
                Assert.InRange(32.0 * report.LoadSectors / run.CacheBytes, 1, 1.05);
                Assert.Empty(reports.SelectMany(x => x.BankConflicts).Select(line => line.Text));
                Assert.Equal(0, reports.Sum(x => x.Atomics));
                TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
                    $"{tokens} tokens, page size {form.PageSize}: sectors / cache {32.0 * report.LoadSectors / run.CacheBytes:f3}, instructions per KB of cache {1024.0 * report.Instructions / run.CacheBytes:f1}, products {report.MmaCount}"));
                reports.Clear();
            }
        }
    }
}
