using LongContext.Attention;
using LongContext.Generation;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>What all layers of one forward pass share.</summary>
internal readonly record struct LayerCall(Tensor Cos_T1D, Tensor Sin_T1D, AttentionArguments Attention, KeyValueCache? Cache);
