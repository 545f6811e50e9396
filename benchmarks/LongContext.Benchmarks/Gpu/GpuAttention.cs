// Shape suffixes: T tokens, H heads, D head size.
using System.Text.Json;
using LongContext.Benchmarks.Harness;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Gpu;

/// <summary>
/// Attention on one GPU: our two paths beside libtorch's FlashAttention-2 in the same process, dense and over a pack of documents, one JSON
/// line a row. TFLOP/s count causal work once: forward 2·S²·heads·headSize a document, backward 2.5 times that.
/// </summary>
internal static class GpuAttention
{
    private const double BackwardWork = 2.5;

    /// <summary>Lengths of the documents of the pack: 32,768 tokens in 22 documents.</summary>
    private static readonly int[] Pack =
        [5360, 1028, 188, 2234, 504, 380, 1925, 2847, 701, 931, 782, 1577, 619, 3606, 510, 1495, 804, 1873, 600, 344, 1869, 2591];

    // libtorch's operators as a script reaches them; lists keep the compiler from taking results for unused.
    private static readonly Lazy<jit.CompilationUnit> Flash = new(() => jit.compile(
        """
        def forward(q: Tensor, k: Tensor, v: Tensor, borders: Tensor, longest: int) -> List[Tensor]:
            output, logsumexp, rng, unused, mask = torch._flash_attention_forward(q, k, v, borders, borders, longest, longest, 0.0, True, False)
            return [output, logsumexp, rng, unused]

        def backward(gradient: Tensor, q: Tensor, k: Tensor, v: Tensor, kept: List[Tensor], borders: Tensor, longest: int) -> List[Tensor]:
            dq, dk, dv = torch._flash_attention_backward(gradient, q, k, v, kept[0], kept[1], borders, borders, longest, longest, 0.0, True, kept[2], kept[3])
            return [dq, dk, dv]

        """));

    /// <param name="words">Cases whose names hold one of these; all where there is none.</param>
    /// <param name="output">Where rows go.</param>
    public static int Run(IReadOnlyList<string> words, TextWriter output)
    {
        CudaContext context = CudaContext.ForDevice(0);
        using var clock = new GpuClock(context);
        Case[] cases =
        [
            new("pack-128", Pack, 32, 32, 128), new("pack-128-group4", Pack, 32, 8, 128), new("pack-64", Pack, 32, 32, 64),
            new("dense-128-4096", [4096], 32, 32, 128), new("dense-128-16384", [16_384], 32, 32, 128), new("dense-64-16384", [16_384], 64, 64, 64),
            new("dense-96-8192", [8192], 32, 32, 96), new("dense-80-8192", [8192], 32, 32, 80), new("dense-256-8192", [8192], 16, 16, 256),
            new("one-long-many-short", [30_720, .. Enumerable.Repeat(102, 20)], 32, 32, 128),
        ];
        foreach (Case each in cases.Where(each => words.Count == 0 || words.Any(word => each.Name.Contains(word, StringComparison.Ordinal))))
        {
            using var scope = NewDisposeScope();
            Measure(context, clock, each, output);
        }

        return 0;
    }

    private static void Measure(CudaContext context, GpuClock clock, Case each, TextWriter output)
    {
        int tokens = each.Lengths.Sum();
        using var noGradient = no_grad();
        Tensor q_THD = Random(tokens, each.Heads, each.Size), k_THD = Random(tokens, each.KeyHeads, each.Size), v_THD = Random(tokens, each.KeyHeads, each.Size);
        Tensor gradient_THD = Random(tokens, each.Heads, each.Size);
        int[] borders = Borders(each.Lengths);
        Tensor onDevice = tensor(borders, dtype: ScalarType.Int32).to(CUDA);
        using Scalar longest = ((long)each.Lengths.Max()).ToScalar();
        Tensor[] kept = [], expected = [];
        double flashForward = double.NaN, flashBackward = double.NaN;
        if (each.Size is 64 or 96 or 128 or 256)
        {
            kept = (Tensor[])Flash.Value.invoke("forward", q_THD, k_THD, v_THD, onDevice, longest);
            expected = [kept[0], .. (Tensor[])Flash.Value.invoke("backward", gradient_THD, q_THD, k_THD, v_THD, kept, onDevice, longest)];
            flashForward = clock.Median(() => Dispose((Tensor[])Flash.Value.invoke("forward", q_THD, k_THD, v_THD, onDevice, longest)));
            flashBackward = clock.Median(() => Dispose((Tensor[])Flash.Value.invoke("backward", gradient_THD, q_THD, k_THD, v_THD, kept, onDevice, longest)));
            Report(output, each, "libtorch FlashAttention-2 varlen", flashForward, flashBackward, double.NaN, flashForward, flashBackward);
        }

        foreach (AttentionPath path in new[] { AttentionPath.Portable, AttentionPath.Hopper })
        {
            foreach (bool deterministic in new[] { false, true })
                Ours(context, clock, each, path, deterministic, (q_THD, k_THD, v_THD, gradient_THD), borders, expected, (flashForward, flashBackward), output);
        }
    }

    private static void Ours(
        CudaContext context, GpuClock clock, Case each, AttentionPath path, bool deterministic, (Tensor Q, Tensor K, Tensor V, Tensor Gradient) inputs,
        int[] borders, Tensor[] expected, (double Forward, double Backward) flash, TextWriter output)
    {
        using var scope = NewDisposeScope();
        var shape = new AttentionShape
        {
            Element = AttentionElement.BFloat16, HeadSize = each.Size, Heads = each.Heads, KeyHeads = each.KeyHeads,
            Scale = (float)(1 / Math.Sqrt(each.Size)), Deterministic = deterministic,
        };
        AttentionPlan forwardPlan, plan;
        try
        {
            forwardPlan = new AttentionPlan(shape, context.Architecture, borders, withBackward: false, path: path);
        }
        catch (NotSupportedException)
        {
            return;
        }

        bool backward = true;
        try
        {
            plan = new AttentionPlan(shape, context.Architecture, borders, path: path);
        }
        catch (NotSupportedException)
        {
            (plan, backward) = (forwardPlan, false);
        }

        Tensor data = tensor(plan.Data.ToArray(), dtype: ScalarType.Int32).to(CUDA);
        Tensor output_THD = TensorArithmetic.FilledLike(inputs.Q, double.NaN), gradientQ = TensorArithmetic.FilledLike(inputs.Q, double.NaN);
        Tensor gradientK = TensorArithmetic.FilledLike(inputs.K, double.NaN), gradientV = TensorArithmetic.FilledLike(inputs.V, double.NaN);
        Tensor logSumExp = empty([each.Heads, borders[^1]], dtype: ScalarType.Float32, device: CUDA);
        Tensor workspace = empty([Math.Max(1, AttentionBackward.WorkspaceBytes(plan))], dtype: ScalarType.Byte, device: CUDA);
        var gradients = new AttentionGradients(Rows(inputs.Gradient), Rows(gradientQ), Rows(gradientK), Rows(gradientV));
        Forward();
        if (backward) Backward();
        // A fast wrong answer is worth nothing: both round to 16 bits in other places, so a few units in the last place of the largest.
        if (expected.Length > 0)
        {
            Agree("output", expected[0], output_THD);
            if (backward) foreach ((string name, Tensor peer, Tensor ours) in new[] { ("∂q", expected[1], gradientQ), ("∂k", expected[2], gradientK), ("∂v", expected[3], gradientV) }) Agree(name, peer, ours);
        }

        double forward = clock.Median(Forward), back = backward ? clock.Median(Backward) : double.NaN;
        Report(output, each, $"ours {path}{(deterministic ? " deterministic" : "")}", forward, back, AttentionBackward.WorkspaceBytes(plan) / 1e9, flash.Forward, flash.Backward);

        void Forward() => AttentionForward.Launch(context, plan, data.Address(), Rows(inputs.Q), Rows(inputs.K), Rows(inputs.V), Rows(output_THD), logSumExp.Address());

        void Backward() => AttentionBackward.Launch(
            context, plan, data.Address(), Rows(inputs.Q), Rows(inputs.K), Rows(inputs.V), Rows(output_THD), logSumExp.Address(), gradients, workspace.Address());

        void Agree(string what, Tensor peer, Tensor ours)
        {
            using var inner = NewDisposeScope();
            double size = peer.to(ScalarType.Float32).norm().item<float>(), difference = (peer.to(ScalarType.Float32) - ours.to(ScalarType.Float32)).norm().item<float>();
            Agreement.Require($"{each.Name}, {path}: {what}, ‖ours − peer‖ / ‖peer‖", 0, difference / size, 1e-2);
        }
    }

    private static void Report(
        TextWriter output, Case each, string what, double forward, double backward, double workspace, double flashForward, double flashBackward)
    {
        double work = each.Lengths.Sum(length => 2.0 * length * length * each.Heads * each.Size);
        output.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["case"] = each.Name, ["what"] = what, ["forward_ms"] = Number(forward), ["backward_ms"] = Number(backward),
            ["forward_tflops"] = Number(work / forward / 1e9), ["backward_tflops"] = Number(BackwardWork * work / backward / 1e9),
            ["forward_of_flash2"] = Number(flashForward / forward), ["backward_of_flash2"] = Number(flashBackward / backward), ["workspace_gb"] = Number(workspace),
        }));
    }

    private static double? Number(double value) => double.IsFinite(value) ? Math.Round(value, 3) : null;

    private static int[] Borders(int[] lengths)
    {
        int[] borders = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++) borders[i + 1] = borders[i] + lengths[i];
        return borders;
    }

    private static Tensor Random(int tokens, int heads, int size) => randn(tokens, heads, size, dtype: ScalarType.BFloat16, device: CUDA);

    private static AttentionRows Rows(Tensor x_THD) => new(x_THD.Address(), (int)x_THD.stride(0));

    private static void Dispose(Tensor[] tensors)
    {
        foreach (Tensor each in tensors) each.Dispose();
    }

    private sealed record Case(string Name, int[] Lengths, int Heads, int KeyHeads, int Size);
}
