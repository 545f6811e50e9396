using LongContext.Checkpoints;

namespace LongContext.Models;

/// <summary>Where a checkpoint keeps a decoder's tensors: under their own names, or, in models of several parts, below a name of the text part.</summary>
internal sealed class TensorNames
{
    /// <summary>What stands in place of "model." in files of Gemma 3 with images, as transformers wrote them before 4.52 and since.</summary>
    public static readonly string[] PartPrefixes = ["language_model.model.", "model.language_model."];

    private static readonly string[] OtherParts = ["vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector.", "language_model.lm_head."];

    private const string Own = "model.";
    private readonly string? prefix;

    public TensorNames(CheckpointReader reader)
    {
        string embedding = DecoderTensors.Embedding[Own.Length..];
        if (!reader.TryFind(DecoderTensors.Embedding, out _, out _)) prefix = PartPrefixes.FirstOrDefault(part => reader.TryFind(part + embedding, out _, out _));
    }

    /// <summary>A tensor's name in the file.</summary>
    public string InFile(string name) => prefix is not null && name.StartsWith(Own, StringComparison.Ordinal) ? prefix + name[Own.Length..] : name;

    /// <summary>Whether a name in the file belongs to another part of the model.</summary>
    public bool IsOfAnotherPart(string nameInFile) => prefix is not null && OtherParts.Any(part => nameInFile.StartsWith(part, StringComparison.Ordinal));
}
