using LongContext.Checkpoints;
using LongContext.Recipes;
using Spectre.Console;

namespace LongContext.Samples.Shared;

/// <summary>What --settings prints: how models of 7 and 8 billion parameters are trained on cards of 24, 48 and 80 GB.</summary>
internal static class SettingsTables
{
    public static void Show()
    {
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
        Show("Llama-3.1-8B", ReferenceModels.Llama31With8B);
        Show("Mistral-7B-v0.3", ReferenceModels.Mistral7BVersion3);
        AnsiConsole.WriteLine("The context to train at, in tokens, the longest that fits, and what the first takes. All of it is what MemoryPlanner predicts, for one");
        AnsiConsole.WriteLine("document a pack; it was not measured on such cards. In code: TrainingPreset, PresetFit; docs/recipes.md says more.");
    }

    private static void Show(string name, ModelConfig config)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(name).AddColumn("way to train");
        foreach ((int card, int host) in PresetFit.Cards) table.AddColumn($"{card} GB card, {host} GB host");
        foreach (IGrouping<TrainingPreset, PresetFit> preset in PresetFit.Table(config).GroupBy(fit => fit.Preset))
            table.AddRow([$"{preset.Key.Name}\n({preset.Key.Description})", .. preset.Select(fit => fit.ToString())]);
        AnsiConsole.Write(table);
    }
}
