// Shape suffixes: T tokens, H heads, K key/value heads, D head size.
using LongContext.Attention;
using LongContext.Benchmarks.Harness;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Attention;

/// <summary>One pack of 2,048 tokens to attend over, 8 query heads and 2 key/value heads of 64, and three ways to do it.</summary>
internal sealed class AttentionCase : IDisposable
{
    public const int TokenCount = 2048;
    private const int Heads = 8;
    private const int KeyValueHeads = 2;
    private const int HeadDimension = 64;
    private readonly AttentionArguments arguments;
    private readonly Tensor visible_TT;

    public AttentionCase(string layout, bool requiresGradient)
    {
        int[] borders = Borders(layout);
        arguments = new AttentionArguments { CumulativeSequenceLengths = borders };
        manual_seed(1);
        Q_THD = randn(TokenCount, Heads, HeadDimension).requires_grad_(requiresGradient);
        K_TKD = randn(TokenCount, KeyValueHeads, HeadDimension).requires_grad_(requiresGradient);
        V_TKD = randn(TokenCount, KeyValueHeads, HeadDimension).requires_grad_(requiresGradient);
        OutputGradient_THD = randn(TokenCount, Heads, HeadDimension);
        visible_TT = DocumentMask(borders);
    }

    /// <summary>One document, eight of equal length, or documents of very different lengths.</summary>
    public static string[] Layouts => ["1 x 2048", "8 x 256", "mixed"];

    public Tensor Q_THD { get; }

    public Tensor K_TKD { get; }

    public Tensor V_TKD { get; }

    public Tensor OutputGradient_THD { get; }

    /// <summary>softmax(q·kᵀ/√d) · v written out, with the mask of the whole pack: T × T scores for each head.</summary>
    public Tensor Eager()
    {
        (Tensor q_HTD, Tensor k_HTD, Tensor v_HTD) = AllHeads();
        Tensor scores_HTT = q_HTD.matmul(k_HTD.transpose(-2, -1)).Times(1 / Math.Sqrt(HeadDimension));
        Tensor weights_HTT = scores_HTT.Masked(visible_TT.logical_not(), double.NegativeInfinity).softmax(-1);
        return weights_HTT.matmul(v_HTD).transpose(0, 1);
    }

    /// <summary>libtorch's fused attention, given the mask of the whole pack.</summary>
    public Tensor MaskedSdpa()
    {
        (Tensor q_HTD, Tensor k_HTD, Tensor v_HTD) = AllHeads();
        Tensor output_1HTD = nn.functional.scaled_dot_product_attention(
            q_HTD.unsqueeze(0), k_HTD.unsqueeze(0), v_HTD.unsqueeze(0), attn_mask: visible_TT, is_casual: false);
        return output_1HTD.squeeze(0).transpose(0, 1);
    }

    /// <summary>The library's kernel, which takes the borders and needs no mask.</summary>
    public Tensor Kernel() => AttentionKernels.Libtorch.Forward(Q_THD, K_TKD, V_TKD, arguments);

    public void RequireAgreement()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Agreement.Require("masked SDPA", Eager(), MaskedSdpa(), 1e-4);
        Agreement.Require("kernel", Eager(), Kernel(), 1e-4);
    }

    public void Dispose()
    {
        Q_THD.Dispose();
        K_TKD.Dispose();
        V_TKD.Dispose();
        OutputGradient_THD.Dispose();
        visible_TT.Dispose();
    }

    private (Tensor Q_HTD, Tensor K_HTD, Tensor V_HTD) AllHeads() =>
        (Q_THD.transpose(0, 1), ForAllHeads(K_TKD), ForAllHeads(V_TKD));

    private static Tensor ForAllHeads(Tensor x_TKD) => x_TKD.transpose(0, 1).repeat_interleave(Heads / KeyValueHeads, 0);

    /// <summary>True where a token sees another: of the same document, and not later.</summary>
    private static Tensor DocumentMask(int[] borders)
    {
        using var scope = NewDisposeScope();
        var document = new long[TokenCount];
        for (int i = 0; i + 1 < borders.Length; i++) document.AsSpan(borders[i]..borders[i + 1]).Fill(i);
        Tensor document_T = tensor(document);
        Tensor same_TT = document_T.unsqueeze(1) == document_T.unsqueeze(0);
        return same_TT.logical_and(ones([TokenCount, TokenCount], ScalarType.Bool).tril()).MoveToOuterDisposeScope();
    }

    private static int[] Borders(string layout)
    {
        switch (layout)
        {
            case "1 x 2048":
                return [0, TokenCount];
            case "8 x 256":
                return [.. Enumerable.Range(0, 9).Select(i => i * 256)];
            default:
                var borders = new List<int> { 0 };
                foreach (int length in Documents.Lengths(count: 100, median: 120, longest: 1024))
                {
                    if (borders[^1] < TokenCount) borders.Add(Math.Min(borders[^1] + length, TokenCount));
                }

                return [.. borders];
        }
    }
}
