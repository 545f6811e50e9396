using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using LongContext.Cuda.CrossEntropy;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Dequantization;
using LongContext.Cuda.Driver;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Optimizers;
using LongContext.Cuda.Rotary;
using LongContext.Cuda.Rows;
using LongContext.Cuda.Sampling;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>Parameters have the size that kernels declare. (Their order shows in results.)</summary>
public sealed class ParameterLayoutTests
{
    [Fact]
    public void Parameters_HaveTheSizeOfTheKernels()
    {
        Check<RmsNormParameters>("rms_norm_forward_bf16", "rms_norm_forward");
        Check<RmsNormBackwardParameters>("rms_norm_backward_bf16", "rms_norm_backward");
        Check<RmsNormWeightParameters>("rms_norm_backward_bf16", "rms_norm_weight");
        Check<RotaryParameters>("rotary_bf16", "rotary");
        Check<GatedUnitParameters>("gated_unit_bf16", "gated_unit_forward_silu");
        Check<CrossEntropyParameters>("cross_entropy_bf16", "cross_entropy");
        Check<Nf4Parameters>("dequantize_nf4_bf16", "dequantize_nf4");
        Check<EightBitParameters>("dequantize_int8_bf16", "dequantize_int8");
        Check<LinearParameters>("linear_int4_bf16", "linear_8");
        Check<LinearParameters>("linear_reference_bf16", "linear_reference_plain");
        Check<GatherParameters>("rows_bf16", "gather");
        Check<SoftCapParameters>("rows_bf16", "soft_cap");
        Check<CandidateParameters>("candidates_bf16", "candidates_of_slices");
        Check<AdvanceParameters>("advance", "advance");
        Check<DecodingParameters>("decoding_attention_bf16_64", "decoding_attention");
        Check<DecodingParameters>("decoding_attention_coded_bf16_64", "decoding_attention_coded");
        Check<CacheAppendParameters>("cache_append_coded_bf16", "cache_append_coded");
        Check<CodedRowsParameters>("coded_rows_bf16", "coded_rows_move");
        Check<AdamWParameters>("adamw_bf16", "adamw");
        Check<BlockwiseAdamWParameters>("adamw_blockwise_bf16", "adamw_blockwise");
    }

    private static void Check<T>(string module, string entry)
        where T : unmanaged
    {
        string text = System.Text.Encoding.ASCII.GetString(KernelImages.Load("sm_80/" + module));
        Match match = Regex.Match(text, $@"\.entry {entry}\(\s*\.param \.align \d+ \.b8 \w+\[(\d+)\]");
        Assert.True(match.Success, $"{module} has no entry {entry} with one parameter");
        Assert.Equal(int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), Unsafe.SizeOf<T>());
    }
}
