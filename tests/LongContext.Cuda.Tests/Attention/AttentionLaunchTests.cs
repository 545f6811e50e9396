using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Cuda.Tests.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>What launchers refuse, and that they leave nothing behind.</summary>
public sealed class AttentionLaunchTests : IDisposable
{
    private readonly EmulatedDriver driver = new(new EmulationOptions { CountMemory = false });
    private readonly CudaContext context;
    private readonly AttentionPlan plan = new(new AttentionCase("one", [8]) { Heads = 2 }.Shape, GpuArchitecture.A100, [0, 8]);

    public AttentionLaunchTests()
    {
        context = new CudaContext(driver, 0);
    }

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }

    [Theory]
    [InlineData("q", 0x1000, 120, "q's tokens are 120 elements apart; a multiple of 8 from 128 (2 heads of 64)")]
    [InlineData("q", 0x1008, 128, "q is at address 1008")]
    [InlineData("k", 0x1000, 68, "k's tokens are 68")]
    [InlineData("v", 0, 64, "v is at address 0")]
    [InlineData("o", 0x1000, 1 << 24, "o's tokens are 16777216")]
    public void Forward_OfRowsThatKernelsCannotRead_NamesThem(string name, int address, int stride, string message)
    {
        AttentionRows bad = new(address, stride), queries = new(0x1000, 128), keys = new(0x1000, 64);
        ArgumentException e = Assert.Throws<ArgumentException>(() => AttentionForward.Launch(
            context, plan, 0x2000, name == "q" ? bad : queries, name == "k" ? bad : keys, name == "v" ? bad : keys, name == "o" ? bad : queries, 0x3000));
        Assert.Equal(name, e.ParamName);
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backward_OfAPlanWithoutOne_SaysSo()
    {
        var forward = new AttentionPlan(plan.Shape, GpuArchitecture.A100, [0, 8], withBackward: false);
        AttentionRows queries = new(0x1000, 128), keys = new(0x1000, 64);
        Assert.Throws<ArgumentException>("plan", () => AttentionBackward.Launch(
            context, forward, 0x2000, queries, keys, keys, queries, 0x3000, new AttentionGradients(queries, queries, keys, keys), 0x4000));
        Assert.Throws<ArgumentException>("workspace", () => AttentionBackward.Launch(
            context, plan, 0x2000, queries, keys, keys, queries, 0x3000, new AttentionGradients(queries, queries, keys, keys), 0x4010));
        Assert.Throws<ArgumentException>("gradients.K", () => AttentionBackward.Launch(
            context, plan, 0x2000, queries, keys, keys, queries, 0x3000, new AttentionGradients(queries, queries, keys with { Stride = 8 }, keys), 0x4000));
    }

    [Fact]
    public void WorkspaceBytes_OfAPack_IsTwoRowsAndTheSums()
    {
        AttentionShape shape = new AttentionCase("two", [8]) { Heads = 2, HeadSize = 128 }.Shape;
        var pack = new AttentionPlan(shape, GpuArchitecture.A100, [0, 100, 200]);
        // 200 tokens of 2 heads are 1,600 bytes, 1,792 in whole 256; 200 / 64 + 2 tiles of 64 · 2 · 128 sums.
        Assert.Equal((2 * 1_792) + (5 * 64 * 2 * 128 * 4), AttentionBackward.WorkspaceBytes(pack));
        Assert.Equal(2 * 1_792, AttentionBackward.WorkspaceBytes(new AttentionPlan(shape with { Deterministic = true }, GpuArchitecture.A100, [0, 100, 200])));
    }

    /// <summary>The driver encodes a tensor map only on a thread that has a context, which a caller's thread need not have.</summary>
    [Fact]
    public void Encode_OnAThreadWithoutAContext_MakesItCurrent()
    {
        HopperTensorMap map = default;
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            fault = Record.Exception(() => map = HopperTensorMap.Encode(context, "q", 0x1000, 8, 2, 64, 128, AttentionElement.BFloat16, chunk: 64, boxRows: 64));
        });
        thread.Start();
        thread.Join();
        Assert.Null(fault);
        Assert.NotEqual(0ul, map[0]);
    }

    [Fact]
    public void Launch_InSteadyState_AllocatesNothing()
    {
        var silent = new ScriptedDriver { Notes = false };
        using var over = new CudaContext(silent, 0);
        var fixedOrder = new AttentionPlan(plan.Shape with { Deterministic = true }, GpuArchitecture.A100, [0, 8]);
        AttentionRows queries = new(0x1000, 128), keys = new(0x1000, 64);
        var gradients = new AttentionGradients(queries, queries, keys, keys);
        Repeat();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Repeat()
        {
            for (int i = 0; i < 100; i++)
            {
                AttentionForward.Launch(over, fixedOrder, 0x2000, queries, keys, keys, queries, 0x3000);
                AttentionBackward.Launch(over, fixedOrder, 0x2000, queries, keys, keys, queries, 0x3000, gradients, 0x4000);
            }
        }
    }
}
