using System.Globalization;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Samples.Shared;
using LongContext.Tokenization;
using LongContext.Training;

namespace LongContext.Samples.RopeScalingStudy;

/// <summary>The models of the study: the base as it is, then each scaling as it is and fine-tuned, all on the same documents in the same order.</summary>
internal sealed class StudyModels : IDisposable
{
    private readonly List<StudyModel> models = [];

    public IReadOnlyList<StudyModel> Rows => models;

    /// <summary>Loads and tunes them all.</summary>
    /// <param name="factor">How far positions are stretched.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="load">The model with a scaling.</param>
    /// <param name="tune">Tunes it, or null where nothing is tuned.</param>
    /// <param name="save">Takes a tuned model's name and the model; null to keep none.</param>
    public async Task LoadAsync(
        double factor, HuggingFaceTokenizer tokenizer, Func<RopeScaling?, CausalLanguageModel> load, Func<CausalLanguageModel, IProgress<TrainingProgress>, Task>? tune,
        Action<string, CausalLanguageModel>? save)
    {
        Add(ScalingVariant.None.Name, ScalingVariant.None.Name, tuned: false, load(null), tokenizer);
        foreach (ScalingVariant variant in ScalingVariant.All) Add(Name(variant), variant.Name, tuned: false, load(variant.Make(factor)), tokenizer);
        if (tune is null) return;
        foreach (ScalingVariant variant in ScalingVariant.All)
        {
            CausalLanguageModel model = load(variant.Make(factor));
            Add($"{Name(variant)} fine-tuned", variant.Name, tuned: true, model, tokenizer);
            await tune(model, new StepLines($"{variant.Name}: fine-tuning"));
            save?.Invoke(variant.Name, model);
        }

        string Name(ScalingVariant variant) => string.Create(CultureInfo.InvariantCulture, $"{variant.Name} ×{factor:0.##}");
    }

    public void Dispose()
    {
        foreach (StudyModel row in models) row.Model.Client.Dispose();
    }

    private void Add(string name, string scaling, bool tuned, CausalLanguageModel model, HuggingFaceTokenizer tokenizer)
    {
        // Beyond the window is where it is interesting: nothing is refused or cut.
        var client = new LongContextChatClient(model, tokenizer, format: null, new LongContextChatClientOptions { ModelId = name, AllowsBeyondContext = true, OwnsModel = true });
        models.Add(new StudyModel(scaling, tuned, new EvaluationModel { Name = name, Client = client, Tokenizer = tokenizer }));
    }
}
