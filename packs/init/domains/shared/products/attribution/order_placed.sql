-- Orders as conversions look at them: all that landed, without the shop's own number of the buyer, which is no customer of the mesh, and without addresses.
SELECT * EXCLUDE (customer_id, customer_key, contact_key, email, phone) FROM shared.customer_order WHERE evidence IS NOT NULL
