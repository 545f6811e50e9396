using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;

namespace LongContext.Adapters;

/// <summary>PEFT's adapter_config.json: read into options, and written back with the fields that are not known here kept.</summary>
internal static class PeftConfig
{
    public const string FileName = "adapter_config.json";

    private const long MaximumBytes = 10_000_000;

    /// <summary>Fields that make the adapter another one than is built here, where they are set.</summary>
    private static readonly string[] Unsupported =
    [
        "alora_invocation_tokens", "arrow_config", "fan_in_fan_out", "kasa_config", "layer_replication", "megatron_config", "monteclora_config",
        "target_parameters", "trainable_token_indices", "use_bdlora", "use_qalora", "velora_config",
    ];

    /// <summary>Values of init_lora_weights that leave the base as it is, so that A and B say it all.</summary>
    private static readonly string[] HarmlessInitializations = ["gaussian", "eva", "orthogonal"];

    /// <summary>What the file says.</summary>
    /// <exception cref="CheckpointFormatException">The file is damaged, or a field is out of range.</exception>
    /// <exception cref="NotSupportedException">It describes an adapter of another kind.</exception>
    public static (LoraOptions Options, JsonObject Fields) Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new CheckpointFormatException($"{folder}: found no {FileName}; a PEFT adapter has one.");
        JsonObject json = CheckpointJson.ReadObject(path, MaximumBytes);
        var fields = new ConfigFields(json, path);
        string type = fields.RequireString("peft_type");
        if (type != "LORA") throw new NotSupportedException($"{path}: field 'peft_type' is '{type}'; of PEFT's methods LORA is supported.");
        foreach (string field in Unsupported)
        {
            if (IsSet(json[field])) throw new NotSupportedException($"{path}: field '{field}' is {Shown(json[field])}, a kind of LoRA that is not supported.");
        }

        LoraOptions options = ReadOptions(fields);
        List<string> faults = LoraOptionsFaults.Of(options);
        if (faults.Count > 0) throw new CheckpointFormatException($"{path}: {string.Join(" ", faults)}");
        return (options, json);
    }

    /// <summary>The file's text.</summary>
    /// <param name="plan">What the adapter is.</param>
    /// <param name="kept">Fields of the file it was read from, of which unknown ones stay; null for none.</param>
    /// <param name="baseModel">Name of the base model; null for that in <paramref name="kept"/>.</param>
    public static byte[] Write(LoraPlan plan, JsonObject? kept, string? baseModel)
    {
        LoraOptions options = plan.Options;
        JsonObject json = kept?.DeepClone().AsObject() ?? new JsonObject { ["task_type"] = "CAUSAL_LM", ["inference_mode"] = true, ["fan_in_fan_out"] = false, ["revision"] = null };
        json["peft_type"] = "LORA";
        if (baseModel is not null || !json.ContainsKey("base_model_name_or_path")) json["base_model_name_or_path"] = baseModel;
        json["r"] = options.Rank;
        json["lora_alpha"] = Number(options.Alpha);
        json["lora_dropout"] = options.Dropout;
        json["use_rslora"] = options.RankStabilized;
        json["use_dora"] = options.WeightDecomposed;
        json["bias"] = options.Bias switch { LoraBias.All => "all", LoraBias.LoraOnly => "lora_only", _ => "none" };
        json["lora_bias"] = options.OutputBias;
        if (kept is null) json["init_lora_weights"] = Initialization(options.Initialization);
        json["target_modules"] = options.TargetPattern is { } pattern ? NamePattern.ForPython(pattern) : Names(Targets(plan));
        json["exclude_modules"] = options.ExcludePattern is { } exclude ? NamePattern.ForPython(exclude) : options.ExcludeModules.Count == 0 ? null : Names(options.ExcludeModules);
        json["layers_to_transform"] = options.LayersToTransform.Count == 0 ? null : new JsonArray([.. options.LayersToTransform.Select(layer => (JsonNode)layer)]);
        json["layers_pattern"] = options.LayersPattern.Count == 0 ? null : Names(options.LayersPattern.Select(NamePattern.ForPython));
        json["rank_pattern"] = new JsonObject(options.RankPattern.Select(pair => KeyValuePair.Create(NamePattern.ForPython(pair.Key), (JsonNode?)pair.Value)));
        json["alpha_pattern"] = new JsonObject(options.AlphaPattern.Select(pair => KeyValuePair.Create(NamePattern.ForPython(pair.Key), (JsonNode?)Number(pair.Value))));
        json["modules_to_save"] = options.ModulesToSave.Count == 0 ? null : Names(options.ModulesToSave);
        json["ensure_weight_tying"] = options.EnsureWeightTying;
        return CheckpointJson.ToUtf8(json);
    }

    private static LoraOptions ReadOptions(ConfigFields fields)
    {
        (IReadOnlyList<string> targets, string? targetPattern) = NamesOrPattern(fields, "target_modules");
        (IReadOnlyList<string> excluded, string? excludePattern) = NamesOrPattern(fields, "exclude_modules");
        if (string.Equals(targetPattern, LoraOptions.AllLinear, StringComparison.OrdinalIgnoreCase)) (targets, targetPattern) = ([LoraOptions.AllLinear], null);
        if (targets.Count == 0 && targetPattern is null) throw fields.Fault("target_modules", "names nothing, expected names or a pattern");
        return new LoraOptions
        {
            Rank = fields.RequireInt("r"),
            Alpha = fields.RequireDouble("lora_alpha"),
            Dropout = fields.OptionalDouble("lora_dropout") ?? 0,
            RankStabilized = fields.OptionalBool("use_rslora") ?? false,
            WeightDecomposed = fields.OptionalBool("use_dora") ?? false,
            TargetModules = targets,
            TargetPattern = targetPattern,
            ExcludeModules = excluded,
            ExcludePattern = excludePattern,
            LayersToTransform = fields.OptionalIntOrInts("layers_to_transform") ?? [],
            LayersPattern = TextOrTexts(fields, "layers_pattern"),
            RankPattern = Pattern(fields, "rank_pattern", (map, key) => map.RequireInt(key)),
            AlphaPattern = Pattern(fields, "alpha_pattern", (map, key) => map.RequireDouble(key)),
            ModulesToSave = fields.OptionalStrings("modules_to_save") ?? [],
            EnsureWeightTying = fields.OptionalBool("ensure_weight_tying") ?? false,
            Bias = (fields.OptionalString("bias") ?? "none") switch
            {
                "none" => LoraBias.None,
                "all" => LoraBias.All,
                "lora_only" => LoraBias.LoraOnly,
                string other => throw fields.Fault("bias", $"is '{other}', expected 'none', 'all' or 'lora_only'"),
            },
            OutputBias = fields.OptionalBool("lora_bias") ?? false,
            Initialization = ReadInitialization(fields),
        };
    }

    private static LoraInitialization ReadInitialization(ConfigFields fields)
    {
        const string Key = "init_lora_weights";
        JsonNode? node = fields.Json[Key];
        if (node is null || node.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return fields.OptionalBool(Key) ?? true ? LoraInitialization.KaimingUniform : LoraInitialization.Random;
        string name = fields.OptionalString(Key)!.ToLowerInvariant();
        if (!HarmlessInitializations.Contains(name))
        {
            throw new NotSupportedException(
                $"{fields.SourceName}: field '{Key}' is '{name}', which changes the base's weights when the adapter is attached or trains in another way; "
                + "PEFT converts such adapters to plain LoRA (save_pretrained with path_initial_model_for_weight_conversion).");
        }

        return name == "gaussian" ? LoraInitialization.Gaussian : LoraInitialization.KaimingUniform;
    }

    private static (IReadOnlyList<string> Names, string? Pattern) NamesOrPattern(ConfigFields fields, string key) =>
        fields.Json[key]?.GetValueKind() == JsonValueKind.String ? ([], fields.OptionalString(key)) : (fields.OptionalStrings(key) ?? [], null);

    private static IReadOnlyList<string> TextOrTexts(ConfigFields fields, string key) =>
        NamesOrPattern(fields, key) is var (names, text) && text is { Length: > 0 } ? [text] : names;

    /// <summary>In the file's order: the first pattern that matches counts.</summary>
    private static OrderedDictionary<string, T> Pattern<T>(ConfigFields fields, string key, Func<ConfigFields, string, T> read)
    {
        var result = new OrderedDictionary<string, T>(StringComparer.Ordinal);
        if (fields.OptionalObject(key) is not { } map) return result;
        foreach ((string pattern, JsonNode? _) in map.Json) result.Add(pattern, read(map, pattern));
        return result;
    }

    /// <summary>"all-linear" as the names it stood for, which every reader of such files knows.</summary>
    private static IEnumerable<string> Targets(LoraPlan plan) =>
        plan.Options.TargetModules is [LoraOptions.AllLinear]
            ? plan.Layers.Select(layer => layer.Module[(layer.Module.LastIndexOf('.') + 1)..]).Distinct()
            : plan.Options.TargetModules;

    private static JsonNode Initialization(LoraInitialization initialization) => initialization switch
    {
        LoraInitialization.Gaussian => "gaussian",
        LoraInitialization.Random => false,
        _ => true,
    };

    /// <summary>PEFT types α as a whole number.</summary>
    private static JsonNode Number(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15 ? (long)value : value;

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)name)]);

    private static bool IsSet(JsonNode? node) => node switch
    {
        null => false,
        JsonArray array => array.Count > 0,
        JsonObject map => map.Count > 0,
        _ => node.GetValueKind() != JsonValueKind.False,
    };

    private static string Shown(JsonNode? node) => node?.ToJsonString() is { } text && text.Length > 60 ? text[..60] + "…" : node?.ToJsonString() ?? "null";
}
