namespace LongContext.Adapters;

/// <summary>
/// Shape of a low-rank adapter (Hu et al. 2021, arXiv:2106.09685): which linear maps get one, of what rank, and what else trains with it.
/// Checked as a whole when an adapter is made. Names and meanings are those of PEFT's <c>LoraConfig</c>.
/// </summary>
public sealed class LoraOptions
{
    /// <summary>The entry of <see cref="TargetModules"/> that stands for every linear map but the head.</summary>
    public const string AllLinear = "all-linear";

    /// <summary>Most that a rank may be.</summary>
    public const int MaximumRank = 65_536;

    /// <summary>r, the rank of B·A, from 1 to <see cref="MaximumRank"/>. Default 8.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>α: what is added is α/r·B·A. Default 8.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Whether the factor is α/√r instead, which keeps the size of updates alike over ranks (rsLoRA, Kalajdzievski 2023, arXiv:2312.03732). Default false.</summary>
    public bool RankStabilized { get; init; }

    /// <summary>Probability that training drops an input of A, from 0 to below 1. Default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether magnitudes of rows train apart from their directions (DoRA, Liu et al. 2024, arXiv:2402.09353). Default false.</summary>
    public bool WeightDecomposed { get; init; }

    /// <summary>
    /// Maps that get an adapter: whole names (<c>model.layers.0.self_attn.q_proj</c>) or what names end with after a dot
    /// (<c>q_proj</c>), the embedding (<c>embed_tokens</c>) and the head (<c>lm_head</c>) included; <see cref="AllLinear"/> alone for
    /// every map but the head. Default <see cref="AllLinear"/>.
    /// </summary>
    public IReadOnlyList<string> TargetModules { get; init; } = [AllLinear];

    /// <summary>A regular expression that a map's whole name must match, in place of <see cref="TargetModules"/>. Default null: none.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Maps that get none although they are targets; as in <see cref="TargetModules"/>. Default empty.</summary>
    public IReadOnlyList<string> ExcludeModules { get; init; } = [];

    /// <summary>A regular expression over whole names, in place of <see cref="ExcludeModules"/>. Default null: none.</summary>
    public string? ExcludePattern { get; init; }

    /// <summary>Layers whose maps get one, counted from 0; not with <see cref="TargetPattern"/>. Default empty: all.</summary>
    public IReadOnlyList<int> LayersToTransform { get; init; } = [];

    /// <summary>Regular expressions for the part of a name before the layer's number, such as <c>layers</c>; only with <see cref="LayersToTransform"/>. Default empty: any.</summary>
    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    /// <summary>Other ranks by regular expressions that the end of a name must match from a dot or its beginning on; the first that does counts. Default empty.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Other α, as in <see cref="RankPattern"/>. Default empty.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// Modules of which a full copy trains and is saved with the adapter, by what their names end with: <c>embed_tokens</c>,
    /// <c>lm_head</c>, <c>norm</c> (every norm), <c>mlp</c>. Default empty.
    /// </summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>
    /// Whether a saved embedding stays tied to the head where the model ties them. Default false, as in PEFT: the one that is not saved
    /// keeps the base's weights, and the merged model has both.
    /// </summary>
    public bool EnsureWeightTying { get; init; }

    /// <summary>Biases of the base that train along. Default <see cref="LoraBias.None"/>.</summary>
    public LoraBias Bias { get; init; }

    /// <summary>Whether B has a bias of its own; not with <see cref="WeightDecomposed"/>. Default false.</summary>
    public bool OutputBias { get; init; }

    /// <summary>What A and B begin as. Default <see cref="LoraInitialization.KaimingUniform"/>.</summary>
    public LoraInitialization Initialization { get; init; }

    /// <summary>α/r or α/√r.</summary>
    internal double Scale(int rank, double alpha) => alpha / (RankStabilized ? Math.Sqrt(rank) : rank);
}
