"""Makes the weights that @unspoof/models ships: data, attack simulation, distillation, quantisation, card, report."""
