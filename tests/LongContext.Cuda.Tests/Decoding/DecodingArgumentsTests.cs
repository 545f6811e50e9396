using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Tests.Driver;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>What the launchers refuse, and what a launch costs on the host, over a driver that runs nothing.</summary>
public sealed class DecodingArgumentsTests
{
    private static readonly DecodingShape Shape = new() { Heads = 8, KeyHeads = 2, HeadSize = 128 };

    private static readonly DecodingArguments Valid = new()
    {
        Query = 16, Keys = 32, Values = 48, Output = 64, QueryBorders = 80, KeyBorders = 96, PlanWords = 112, Workspace = 128, Tokens = 2, Scale = 1,
    };

    private static readonly CacheAppendArguments ValidAppend = new()
    {
        Query = 16, Keys = 32, Values = 48, KeyCache = 64, ValueCache = 80, Slots = 96, Positions = 112, Cosines = 128, Sines = 144,
        CacheRows = 100, Tokens = 2, Heads = 8, KeyHeads = 2, HeadSize = 64,
    };

    private readonly ScriptedDriver driver = new();

    [Fact]
    public void Forward_BadArguments_NamesThem()
    {
        using var context = new CudaContext(driver, 0);
        DecodingPlan plan = DecodingPlan.WithSplits(Shape, [500, 70], [3, 1], GpuArchitecture.H100);
        var attention = new DecodingAttention(context);
        attention.Forward(Valid, plan);
        DecodingArguments paged = Valid with { KeyBorders = 0, Pages = 160, Lengths = 176, MaxPages = 4, PageSize = 32 };
        attention.Forward(paged, plan);
        Refused("Query", Valid with { Query = 0 });
        Refused("Keys", Valid with { Keys = 0 });
        Refused("Values", Valid with { Values = 8 });
        Refused("Output", Valid with { Output = 0 });
        Refused("QueryBorders", Valid with { QueryBorders = 0 });
        Refused("PlanWords", Valid with { PlanWords = 0 });
        Refused("Workspace", Valid with { Workspace = 0 });
        Refused("Tokens", Valid with { Tokens = -1 });
        Refused("Scale", Valid with { Scale = float.NaN });
        Refused("SoftCap", Valid with { SoftCap = -1 });
        Refused("SoftCap", Valid with { SoftCap = float.NaN });
        Refused("QueryStride", Valid with { QueryStride = 1023 });
        Refused("KeyStride", Valid with { KeyStride = 257 });
        Refused("ValueStride", Valid with { ValueStride = 248 });
        Refused("OutputStride", Valid with { OutputStride = 1 });
        Refused("KeyBorders", Valid with { KeyBorders = 0 });
        Refused("Pages", paged with { KeyBorders = 16 });
        Refused("Lengths", paged with { Lengths = 0 });
        Refused("MaxPages", paged with { MaxPages = 0 });
        foreach (int pageSize in new[] { 0, 8, 48, 512 }) Refused("PageSize", paged with { PageSize = pageSize });

        void Refused(string name, DecodingArguments arguments) =>
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => attention.Forward(arguments, plan)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_BadArguments_NamesThem()
    {
        using var context = new CudaContext(driver, 0);
        var append = new CacheAppend(context);
        append.Run(ValidAppend);
        Refused("Query", ValidAppend with { Query = 4 });
        Refused("Keys", ValidAppend with { Keys = 0 });
        Refused("Values", ValidAppend with { Values = 0 });
        Refused("KeyCache", ValidAppend with { KeyCache = 0 });
        Refused("ValueCache", ValidAppend with { ValueCache = 0 });
        Refused("Slots", ValidAppend with { Slots = 0 });
        Refused("Cosines", ValidAppend with { Cosines = 0 });
        Refused("Sines", ValidAppend with { Sines = 0 });
        Refused("RotarySize", ValidAppend with { RotarySize = 80 });
        Refused("RotarySize", ValidAppend with { RotarySize = 8 });
        Refused("Tokens", ValidAppend with { Tokens = -1 });
        Refused("Heads", ValidAppend with { Heads = 0 });
        Refused("KeyHeads", ValidAppend with { KeyHeads = 0 });
        Refused("HeadSize", ValidAppend with { HeadSize = 24 });
        Refused("CacheRows", ValidAppend with { CacheRows = -1 });
        Refused("KeyCacheStride", ValidAppend with { KeyCacheStride = 100 });

        void Refused(string name, CacheAppendArguments arguments) =>
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => append.Run(arguments)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Launches_InSteadyState_AllocateNothing()
    {
        using var context = new CudaContext(driver, 0);
        DecodingPlan plan = DecodingPlan.WithSplits(Shape, [500, 70], [3, 1], GpuArchitecture.H100);
        var attention = new DecodingAttention(context);
        var append = new CacheAppend(context);
        driver.Notes = false;
        Repeat();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Repeat()
        {
            for (int i = 0; i < 1000; i++)
            {
                append.Run(ValidAppend);
                attention.Forward(Valid, plan);
            }
        }
    }

    [Fact]
    public void Forward_WithOneSplitEach_LaunchesOnce()
    {
        using var context = new CudaContext(driver, 0);
        new DecodingAttention(context).Forward(Valid with { Workspace = 0 }, DecodingPlan.WithSplits(Shape, [500, 70], [1, 1], GpuArchitecture.H100));
        Assert.Single(driver.Calls, call => call.StartsWith("LaunchKernel", StringComparison.Ordinal));
        Assert.Contains($"LaunchKernel 4x1x1 128x1x1 {DecodingTile.SharedBytes(128)}", driver.Calls);
    }
}
