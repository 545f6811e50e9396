using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation.Analysis;

namespace LongContext.Cuda.Tests.Kernels;

/// <summary>
/// Every embedded kernel against the registers that its launch bounds leave a thread. The judge is NVIDIA's assembler, which orders the
/// instructions anew and keeps addresses and counters besides: a kernel within its budget may spill there and one above it may not. What is
/// counted here is how many values the text itself holds at once, so that a change that adds many is seen on a machine without a GPU. On
/// one with a GPU look at the kernels' local bytes first.
/// </summary>
public sealed partial class RegisterBudgetTests
{
    /// <summary>Kernels that are known to hold more than their budget, with the most that they may hold: these must not get worse unseen.</summary>
    private static readonly Dictionary<string, int> KnownToBeOver = new()
    {
        ["sm_80/rms_norm_backward_bf16 rms_norm_backward_long"] = 175,
        ["sm_80/rms_norm_backward_bf16_f32 rms_norm_backward"] = 133,
        ["sm_80/rms_norm_backward_bf16_f32 rms_norm_backward_long"] = 185,
        ["sm_80/rms_norm_backward_f16 rms_norm_backward_long"] = 175,
        ["sm_80/rms_norm_backward_f16_f32 rms_norm_backward"] = 133,
        ["sm_80/rms_norm_backward_f16_f32 rms_norm_backward_long"] = 185,
        ["sm_80/rms_norm_backward_f32 rms_norm_backward_long"] = 140,
        ["sm_90a/attention_backward_keys_bf16_128_64x128 attention_backward_keys"] = 252,
        ["sm_90a/attention_backward_keys_bf16_64_128x128 attention_backward_keys"] = 256,
        ["sm_90a/attention_backward_keys_f16_128_64x128 attention_backward_keys"] = 252,
        ["sm_90a/attention_backward_keys_f16_64_128x128 attention_backward_keys"] = 256,
        ["sm_90a/attention_forward_bf16_64_192x128 attention_forward"] = 164,
        ["sm_90a/attention_forward_f16_64_192x128 attention_forward"] = 164,
    };

    /// <summary>Registers that an assembler wants besides a role's values: its stack's, and what addresses and conversions pass through.</summary>
    private const int AssemblersOwn = 4;

    /// <summary>
    /// A role that does not fit the number it goes down to costs the kernel every setmaxnreg (ptxas says so in a warning, and no more), and then
    /// those that were to take registers spill.
    /// </summary>
    [Fact]
    public void LiveRegisters_OfWarpsThatGiveRegistersAway_FitWhatTheyKeep()
    {
        var wrong = new ConcurrentBag<string>();
        var seen = new ConcurrentBag<string>();
        Parallel.ForEach(KernelImages.Names.Where(name => name.StartsWith("sm_90a/", StringComparison.Ordinal)), module =>
        {
            foreach (KernelStatistics kernel in KernelStatistics.Of(Encoding.ASCII.GetString(KernelImages.Load(module)).TrimEnd('\0'), module))
            {
                TestContext.Current.SendDiagnosticMessage($"{module}: {string.Join(", ", kernel.Roles)}");
                RoleStatistics gives = Assert.Single(kernel.Roles, role => role.Gives);
                seen.Add(module);
                if (gives.Registers + AssemblersOwn > gives.Limit)
                    wrong.Add($"{module}, {kernel.Kernel}: {gives.Registers} registers are alive at line {gives.RegistersLine}, of {gives.Limit} that the warps keep, and an assembler wants {AssemblersOwn}");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal)));
        Assert.NotEmpty(seen);
    }

    [Fact]
    public void LiveRegisters_OfEveryEmbeddedKernel_FitTheLaunchBounds()
    {
        var wrong = new ConcurrentBag<string>();
        var seen = new ConcurrentDictionary<string, bool>();
        Parallel.ForEach(KernelImages.Names, module =>
        {
            string text = Encoding.ASCII.GetString(KernelImages.Load(module)).TrimEnd('\0');
            // Reading the text fails where it holds an instruction, modifier or type that the manual does not have.
            foreach (KernelStatistics kernel in KernelStatistics.Of(text, module))
            {
                int budget = Budget(EntryOf(text, kernel.Kernel)), most = KnownToBeOver.GetValueOrDefault($"{module} {kernel.Kernel}", budget);
                seen.TryAdd($"{module} {kernel.Kernel}", true);
                if (kernel.Registers > most)
                    wrong.Add($"{module}, {kernel.Kernel}: {kernel.Registers} registers are alive at line {kernel.RegistersLine}, {most} are allowed (the launch bounds leave {budget})");
                else if (most > budget && kernel.Registers <= budget)
                    wrong.Add($"{module}, {kernel.Kernel}: {kernel.Registers} registers are within the {budget} by now: strike it off the list of those above");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal)));
        Assert.True(seen.Count > KernelImages.Names.Count());
        Assert.Empty(KnownToBeOver.Keys.Except(seen.Keys));
    }

    [Theory]
    [InlineData(".maxntid 256, 1, 1 {", 255)]
    [InlineData(".maxntid 256, 1, 1\n.minnctapersm 2 {", 128)]
    [InlineData(".maxntid 384, 1, 1 .minnctapersm 1 {", 168)]
    [InlineData(".maxntid 1024, 1, 1 {", 64)]
    [InlineData("{", 64)]
    [InlineData(".maxntid 32, 4, 2 .minnctapersm 2 {", 128)]
    [InlineData(".maxntid 384, 1, 1 { setmaxnreg.dec.sync.aligned.u32 24; setmaxnreg.inc.sync.aligned.u32 240; }", 240)]
    public void Budget_OfLaunchBounds_IsTheThreadsShareOfTheRegisterFile(string entry, int expected) => Assert.Equal(expected, Budget(entry));

    /// <summary>Registers of a thread: its share of the 65,536 of a multiprocessor, in steps of 8 and at most 255; where warps give theirs to others, what those take.</summary>
    private static int Budget(string entry)
    {
        if (Taken().Match(entry) is { Success: true } taken)
            return int.Parse(taken.Groups[1].Value, CultureInfo.InvariantCulture);
        // Without a bound a launch may ask for as many threads as a block can have.
        int threads = Threads().Match(entry) is { Success: true } bounds
            ? bounds.Groups.Cast<Group>().Skip(1).Aggregate(1, (product, x) => product * int.Parse(x.Value, CultureInfo.InvariantCulture)) : 1024;
        int blocks = Blocks().Match(entry) is { Success: true } found ? int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
        return Math.Min(255, 65536 / (threads * blocks) / 8 * 8);
    }

    private static string EntryOf(string text, string kernel)
    {
        int start = text.IndexOf($".entry {kernel}(", StringComparison.Ordinal), next = text.IndexOf(".entry ", start + 1, StringComparison.Ordinal);
        return next < 0 ? text[start..] : text[start..next];
    }

    [GeneratedRegex(@"setmaxnreg\.inc\.sync\.aligned\.u32\s+(\d+)")]
    private static partial Regex Taken();

    [GeneratedRegex(@"\.maxntid\s+(\d+),\s*(\d+),\s*(\d+)")]
    private static partial Regex Threads();

    [GeneratedRegex(@"\.minnctapersm\s+(\d+)")]
    private static partial Regex Blocks();
}
